/** The one style sheet: system fonts, light and dark by the reader's own setting, one column on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --page: #fff; --link: #0969da;
  --green: #1a7f37; --purple: #8250df; --red: #cf222e; --add: #dafbe1; --del: #ffebe9; --hunk: #ddf4ff; --warm: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --dim: #9198a1; --line: #3d444d; --soft: #151b23; --page: #0d1117; --link: #4493f8;
  --green: #2ea043; --purple: #8957e5; --red: #da3633; --add: #12261e; --del: #25171c; --hunk: #121d2f; --warm: #272115; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: var(--text); background: var(--page); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
.banner { margin: 0; padding: 3px 16px; font-size: 12px; color: var(--dim); background: var(--warm); text-align: center; }
.banner a { color: inherit; text-decoration: underline; }
header { background: var(--soft); border-bottom: 1px solid var(--line); padding-top: 12px; }
header .name { margin: 0 auto; max-width: 1100px; padding: 0 16px; font-size: 18px; overflow-wrap: anywhere; }
nav { max-width: 1100px; margin: 6px auto 0; padding: 0 6px; display: flex; gap: 4px; overflow-x: auto; }
nav a { color: var(--text); padding: 6px 10px; border-bottom: 2px solid transparent; white-space: nowrap; }
nav a[aria-current] { border-color: #fd8c73; font-weight: 600; }
main { max-width: 1100px; margin: 0 auto; padding: 20px 16px 64px; }
h1 { font-size: 26px; line-height: 1.25; font-weight: 500; margin: 0 0 8px; overflow-wrap: anywhere; } h1 .number { color: var(--dim); font-weight: 300; }
h2 { font-size: 18px; margin: 28px 0 8px; } h3 { font-size: 15px; margin: 18px 0 6px; }
.dim, time, .note { color: var(--dim); } .note { font-size: 13px; }
.count, .tag { font-size: 12px; font-weight: 500; color: var(--dim); border: 1px solid var(--line); border-radius: 2em; padding: 0 7px; white-space: nowrap; }
.count { border: 0; background: color-mix(in srgb, var(--dim) 18%, transparent); }
.label { font-size: 12px; font-weight: 500; border: 1px solid var(--line); background: var(--hunk); border-radius: 2em; padding: 1px 9px; white-space: nowrap; }
.state { display: inline-block; color: #fff; background: var(--dim); border-radius: 2em; padding: 3px 12px; font-weight: 500; font-size: 14px; }
.state.open { background: var(--green); } .state.merged, .state.done { background: var(--purple); } .state.closed { background: var(--red); }
.count.open, .count.merged, .count.closed, .count.done { color: #fff; background: var(--green); } .count.merged, .count.done { background: var(--purple); } .count.closed { background: var(--red); }
.mark { font-weight: 700; } .good { color: var(--green); } .bad { color: var(--red); } .busy { color: #bf8700; }
.avatar { display: inline-grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; color: #fff; font-size: 13px; font-weight: 600; flex: none; }
.a0 { background: #57606a; } .a1 { background: #0969da; } .a2 { background: #1a7f37; } .a3 { background: #9a6700; } .a4 { background: #8250df; } .a5 { background: #bf3989; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 300px; gap: 28px; } .columns > * { min-width: 0; }
.box { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 16px; overflow: hidden; }
.box > .head { background: var(--soft); padding: 8px 14px; border-bottom: 1px solid var(--line); font-size: 14px; display: flex; gap: 8px; flex-wrap: wrap; align-items: center; overflow-wrap: anywhere; }
.box > .head:last-child { border-bottom: 0; } .box > .inside { padding: 14px; } .box .push { margin-left: auto; }
.list { list-style: none; margin: 0; padding: 0; } .list > li { padding: 8px 14px; border-top: 1px solid var(--line); overflow-wrap: anywhere; } .list > li:first-child { border-top: 0; }
.list .under { font-size: 13px; color: var(--dim); }
.list.files > li { padding: 5px 14px; }
.side .list > li { padding: 6px 0; font-size: 14px; } .side h2 { font-size: 15px; margin: 0 0 4px; } .side section { margin-bottom: 24px; }
.talk { display: flex; gap: 12px; margin-bottom: 16px; } .talk > .box { flex: 1; min-width: 0; margin: 0; }
.event { margin: 0 0 16px 40px; font-size: 14px; overflow-wrap: anywhere; }
main > p:first-child, .columns p:first-child { margin-top: 0; } .tabs { display: flex; gap: 16px; margin-bottom: 12px; } .tabs [aria-current] { color: var(--text); font-weight: 600; }
.jump { font-size: 14px; display: flex; gap: 14px; flex-wrap: wrap; margin: 0 0 20px; padding-bottom: 12px; border-bottom: 1px solid var(--line); }
pre, code, .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
pre { background: var(--soft); border-radius: 6px; padding: 12px; overflow-x: auto; margin: 0 0 14px; line-height: 1.45; } pre.plain { white-space: pre-wrap; overflow-wrap: anywhere; }
code { background: color-mix(in srgb, var(--dim) 14%, transparent); border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; } pre code { background: none; padding: 0; }
.md { overflow-wrap: break-word; } .md > :last-child { margin-bottom: 0; } .md > :first-child { margin-top: 0; }
.md p, .md ul, .md ol, .md blockquote, .md .scroll { margin: 0 0 14px; } .md h1, .md h2 { border-bottom: 1px solid var(--line); padding-bottom: 4px; } .md h1 { font-weight: 600; margin: 20px 0 12px; } .md h2 { font-size: 20px; }
.md h3 { font-size: 17px; margin: 20px 0 10px; } .md ul, .md ol { padding-left: 26px; } .md li:has(> input) { list-style: none; } .md li > input { margin: 0 4px 0 -20px; }
.md blockquote { border-left: 3px solid var(--line); padding-left: 12px; color: var(--dim); } .md hr { border: 0; border-top: 1px solid var(--line); margin: 18px 0; } .md details { margin-bottom: 14px; } .md summary { cursor: pointer; margin-bottom: 8px; }
.scroll { overflow-x: auto; } .md table { border-collapse: collapse; } .md th, .md td { border: 1px solid var(--line); padding: 5px 11px; text-align: left; } .md tr:nth-child(2n) { background: var(--soft); }
.md .right { text-align: right; } .md .center { text-align: center; } .md pre.front { color: var(--dim); }
.code { border-collapse: collapse; width: 100%; line-height: 1.5; tab-size: 4; } .code td { padding: 0 10px; white-space: pre-wrap; overflow-wrap: anywhere; vertical-align: top; }
.code .n { width: 1%; min-width: 44px; padding: 0 8px; text-align: right; color: var(--dim); white-space: nowrap; user-select: none; overflow-wrap: normal; } .code .n::before { content: attr(data-n); }
.code .add { background: var(--add); } .code .del { background: var(--del); } .code .hunk td { background: var(--hunk); color: var(--dim); padding: 3px 10px; } .code tr:target { background: var(--warm); }
.file > summary { cursor: pointer; list-style-position: inside; display: list-item; } .file > summary .push { float: right; } .file:not([open]) > .head { border-bottom: 0; } .file { scroll-margin-top: 8px; }
.foot { padding: 0 14px; } .foot .note { margin: 8px 0; } .foot:empty { display: none; }
.log .n { min-width: 76px; } .log .fault { color: var(--red); } .log .warn { color: #bf8700; }
@media (max-width: 760px) { .columns { grid-template-columns: minmax(0, 1fr); } .talk > .avatar { display: none; } .event { margin-left: 0; } h1 { font-size: 22px; } main { padding: 16px 12px 48px; }
  .code .n { min-width: 30px; padding: 0 4px; } .code td { padding: 0 6px; } .code .old { display: none; } .md th, .md td { padding: 4px 7px; } .md table { font-size: 14px; } nav a { padding: 6px 7px; font-size: 14px; } }
`;
