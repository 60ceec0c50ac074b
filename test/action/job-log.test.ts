import { expect, test } from "vitest";
import { createJobLog } from "../../action/job-log.ts";

function linesOf(work: (log: ReturnType<typeof createJobLog>) => void): readonly string[] {
  const written: string[] = [];
  work(createJobLog((line) => written.push(line)));
  return written.join("").split("\n").slice(0, -1);
}

test("no text becomes a command of the job", () => {
  const lines = linesOf((log) => {
    log.log("info", "Bash\n::add-mask::a\r::set-env name=A::b\u2028::x\n  ##[set-output name=b]c");
  });
  expect(lines).toEqual(["| Bash", "| ::add-mask::a", "| ::set-env name=A::b ::x", "|   # #[set-output name=b]c"]);
});

test("an error stays one annotation", () => {
  expect(linesOf((log) => log.log("error", "100% wrong\n::add-mask::x"))).toEqual([
    "::error::100%25 wrong%0A::add-mask::x",
  ]);
});

test("a secret of several lines is hidden line by line", () => {
  expect(linesOf((log) => log.hide("one\n\ntwo%"))).toEqual(["::add-mask::one", "::add-mask::two%25"]);
});
