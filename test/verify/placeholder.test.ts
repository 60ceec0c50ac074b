import { describe, expect, test } from "vitest";
import { parseMarkdown } from "../../src/verify/markdown.ts";
import { findPlaceholders } from "../../src/verify/placeholder.ts";

function found(text: string): readonly number[] {
  return findPlaceholders(parseMarkdown(text)).map(({ line }) => line);
}

describe("findPlaceholders", () => {
  test.each([
    "TODO",
    "- TODO",
    "* [ ] TODO: describe the flow",
    "TODO(owner): ask",
    "## TODO",
    "**TODO**: write",
    "Price: TODO",
    "See [TODO] for more",
    "See [TODO: the price]",
    "<!-- TODO: fill -->",
    "TBD",
    "tbd.",
    "The price is TBD.",
    "- Hosting: TBD",
    "| Price | TBD |",
    "The limit (TBD) holds.",
    "FIXME: wrong",
    "XXX",
    "Lorem ipsum dolor sit amet",
    "lorem ipsum",
    "Contact [insert name] first",
    "[INSERT DIAGRAM HERE]",
    "[Insert the diagram]",
    "[your company]",
    "[Your product name] helps",
    "[describe the flow here]",
    "[Add text here]",
    "[placeholder]",
    "[to be decided]",
    "Send it to <your address>",
    "Use <YOUR_API_KEY> there",
    "Dear {{ your_name }},",
    "...",
    "- …",
    "| a | ... |",
    "Revenue: ...",
    "???",
    "To be determined.",
    "Coming soon",
    "Text goes here",
    "Placeholder text",
    "추후 작성",
    "- 미정",
    "가격: 미정",
    "추후 작성 예정입니다.",
    "- 내용을 입력하세요",
    "결제 방식 (추후 결정)",
    "<TODO: the address>",
    "<todo>",
    "{{ TODO }}",
    "- placeholder",
    "| Price | TBA |",
  ])("finds %j", (line) => {
    expect(found(`# A\n\nWords.\n\n${line}\n`)).toEqual([5]);
  });

  test.each([
    "A TODO list app keeps a todo list.",
    "TODO list",
    "## TODO list screen",
    "# The TODO app",
    "Each TODO has a title.",
    "A user adds a todo: it appears at the top.",
    "The button [Insert image] opens a dialog.",
    "Press [Add task] or [Your lists].",
    "[TODO list](https://example.com/todo)",
    "[your lists](#lists)",
    "Run `TODO: x` or `<your key>`.",
    "```text\nTODO: x\nTBD\n...\n```",
    "No TODO or TBD is left in the documents.",
    'A reviewer rejects the word "TBD".',
    "Loading...",
    "Waiting for the server…",
    "The price is to be decided by the market, not by us.",
    "- [ ] The list is empty",
    "N/A",
    "The field shows its placeholder in grey.",
    "A generator of lorem ipsum is out of scope.",
    "| State | Meaning |\n|---|---|\n| TODO | not begun |\n| DOING | begun |\n| DONE | ended |",
    "- TODO: not begun\n- DONE: ended",
    "Use the generic type Array<string> and <button>.",
    "Results appear 3...5 seconds later.",
    "| Field | Placeholder | Limit |\n|---|---|---|\n| Title | Buy milk | 80 |",
    "| Placeholder text | Colour |\n|---|---|\n| Search links | grey |",
    "The component <todo-list> holds one <todo-item> a row.",
    "A task is TODO, DOING or DONE; the first is the default.\n\n- Default: TODO",
    "Status is one of TODO, IN_PROGRESS and DONE.\n\nNew items start as: TODO",
    "We merge daily, by trunk-based development (TBD). TBD needs short branches.",
    "`{{ todo.title }}` is escaped.",
    "The template shows {{ todo.title }} in bold.",
    "Each line of the log begins with XXX-sized padding.",
    "Phone numbers have the form 010-XXXX-XXXX.",
    'The hint reads "Text goes here" until something is typed.',
    'The toast says "Coming soon" for export.',
    "제목은 나중에 추가할 수 있다.",
    "일정이 미정인 항목은 맨 아래에 보인다.",
    "작성 중인 글은 자동으로 저장된다.",
    'Anonymous visitors see "…" until the count is loaded.',
    "| Page | 1 | 2 | 3 | 10 |",
    "Your name is shown to nobody.",
    "- [your lists](../lists.md) shows all of them",
    "Use `[Insert the diagram]` as the button's label.",
    "Insert mode and describe mode are modes of the editor.",
    "A fixme bot, a TBA basketball league and XXX Corp are among the personas.",
  ])("leaves %j alone", (text) => {
    expect(found(`# A\n\n${text}\n`)).toEqual([]);
  });

  test("counts lines from the top of the file, front matter included", () => {
    expect(found("---\ntitle: TODO\n---\n\nTBD\n")).toEqual([5]);
  });

  test("still finds another mark in a document about a board", () => {
    expect(found("- TODO\n- DOING\n- TBD\n")).toEqual([3]);
  });
});
