/** The stylesheet: light and dark by preference, a contrast of at least 4.5:1, no horizontal scrolling at 320 px. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fbfbf9; --panel: #ffffff; --ink: #1c2224; --soft: #566166; --line: #d9dedd; --code: #f1f3f2;
  --accent: #0b5c6b; --on-accent: #ffffff;
  --good: #1a6b3c; --good-ground: #e6f4ea; --bad: #a3261d; --bad-ground: #fceceb; --warn: #7a4f00; --warn-ground: #fdf3dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181a; --panel: #1b2123; --ink: #e4e8e8; --soft: #a0abaf; --line: #343d40; --code: #20282a;
    --accent: #6fc7d6; --on-accent: #08272d;
    --good: #85d3a1; --good-ground: #17301f; --bad: #f5a19a; --bad-ground: #3b1c1a; --warn: #ecc478; --warn-ground: #35290f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; }
a { color: var(--accent); text-underline-offset: .15em; }
ul, ol { padding-left: 1.3rem; margin: .4rem 0; }
code, pre, textarea.code { font: .86rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { background: var(--code); padding: .05em .3em; border-radius: 3px; }
pre { background: var(--code); margin: .4rem 0; padding: .7rem; border-radius: 6px; overflow-x: auto; max-height: 40rem; overflow-wrap: normal; }
pre.wrap, .text { white-space: pre-wrap; }
pre.wrap { overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.quiet { color: var(--soft); font-weight: normal; font-size: .92em; }
.label { color: var(--soft); font-size: .85em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .5rem; z-index: 1; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.top { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); background: var(--panel); }
.top nav { display: flex; }
.top nav a { padding: .5rem .6rem; color: var(--ink); text-decoration: none; border-bottom: 2px solid transparent; }
.top nav a:hover { text-decoration: underline; }
.top nav a[aria-current] { border-color: var(--accent); font-weight: 600; }
.brand { font-weight: 700; color: var(--accent); text-decoration: none; padding: .5rem 0; }
.who { margin-left: auto; color: var(--soft); font-size: .9rem; }
.who strong { color: var(--ink); }
.head { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; margin: .6rem 0 1rem; }
.head p { margin: 0; }
.trail { margin: .4rem 0 0; font-size: .92rem; color: var(--soft); }
.chip { display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .82rem; font-weight: 600; background: var(--code); color: var(--soft); white-space: nowrap; }
.chip.delivered, .chip.approved, .chip.passed, .chip.answered, .chip.good { background: var(--good-ground); color: var(--good); }
.chip.failed, .chip.rejected, .chip.changes-requested, .chip.over-budget, .chip.bad { background: var(--bad-ground); color: var(--bad); }
.chip.waiting, .chip.queued, .chip.pending, .chip.revise, .chip.expired, .chip.warn { background: var(--warn-ground); color: var(--warn); }
.chip.running { background: var(--accent); color: var(--on-accent); }
.box { border: 1px solid var(--line); border-left: 4px solid var(--soft); border-radius: 6px; padding: .6rem 1rem; margin: .8rem 0; background: var(--panel); }
.box.good { border-left-color: var(--good); } .box.bad { border-left-color: var(--bad); }
.box.warn { border-left-color: var(--warn); } .box.ask { border-left-color: var(--accent); display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .5rem 1.5rem; margin: .6rem 0; }
.facts dt { color: var(--soft); font-size: .82rem; }
.facts dd { margin: 0; } .facts dd code { word-break: break-all; }
.runs, .files, .messages, .votes, .refusals { list-style: none; padding: 0; }
.runs li { display: grid; grid-template-columns: minmax(9rem, 2fr) minmax(10.8rem, 1.4fr) minmax(7rem, 1.6fr) 4rem 6.5rem 5.5rem; gap: .2rem .8rem; align-items: center; padding: .7rem .8rem; border: 1px solid var(--line); border-bottom-width: 0; background: var(--panel); }
.runs li:first-child { border-radius: 6px 6px 0 0; } .runs li:last-child { border-bottom-width: 1px; border-radius: 0 0 6px 6px; }
.runs li:only-child { border-radius: 6px; }
.runs li.open { box-shadow: inset 4px 0 var(--accent); }
.runs .task { grid-column: 1; } .runs .task a { font-weight: 600; }
.runs .status { grid-column: 2; } .runs .where { grid-column: 3; } .runs .cost { grid-column: 4; text-align: right; } .runs .age { grid-column: 5; color: var(--soft); text-align: right; font-size: .92rem; }
.runs .button { grid-column: 6; } .runs .fault { grid-column: 2 / -1; color: var(--bad); font-size: .88rem; }
.files li, .votes li, .refusals li { padding: .35rem 0; border-bottom: 1px solid var(--line); }
.messages h2 { font-size: 1rem; margin: 1rem 0 0; }
.empty { padding: 2rem 1rem; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: 6px; }
.durations { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; padding: 0; }
.checks { list-style: none; padding: 0; }
.checks li { margin: .2rem 0; }
.phases > li { margin: .6rem 0; }
details { margin: .4rem 0; }
summary { cursor: pointer; padding: .35rem 0; }
.commands details, .diff details { border: 1px solid var(--line); border-radius: 6px; padding: 0 .7rem; background: var(--panel); }
.diff pre { padding: .4rem 0; }
.diff pre span { display: block; padding: 0 .7rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.diff .add { background: var(--good-ground); } .diff .del { background: var(--bad-ground); }
.diff .at, .diff .meta { color: var(--soft); }
.plus { color: var(--good); } .minus { color: var(--bad); }
.timeline, .live { list-style: none; padding: 0; }
.timeline li, .live li { display: grid; grid-template-columns: 4.5rem 9rem 1fr; gap: .2rem .8rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
.timeline li > :first-child:not(time) { grid-column: 1 / 3; }
.timeline time { color: var(--soft); font-variant-numeric: tabular-nums; }
.kind { color: var(--soft); }
.live { max-height: 20rem; overflow-y: auto; } .live li { grid-template-columns: 6rem 1fr; }
button, .button { display: inline-flex; align-items: center; justify-content: center; overflow-wrap: normal; font: inherit; font-weight: 600; padding: .55rem 1.1rem; min-height: 2.75rem; border-radius: 6px; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.1); }
button.quiet { background: transparent; color: var(--accent); font-size: 1rem; }
button.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
button.small, .button.small { padding: .3rem .8rem; min-height: 2.2rem; font-size: .9rem; }
input, select, textarea { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft); border-radius: 6px; padding: .5rem .6rem; max-width: 100%; }
input:not([type=radio], [type=hidden]), textarea { width: 100%; }
textarea.code { font: .86rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
::placeholder { color: var(--soft); opacity: 1; }
label { display: block; margin: .3rem 0; }
.filter { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: 0 0 1rem; }
.filter label { margin: 0; color: var(--soft); font-size: .88rem; } .filter select, .filter input { display: block; min-height: 2.75rem; color: var(--ink); font-size: 1rem; }
.filter label:nth-of-type(2) { flex: 1 1 14rem; }
.corner { float: right; margin-top: -3.4rem; }
.decide { border: 1px solid var(--accent); border-radius: 8px; padding: 0 1rem 1rem; margin-top: 1.5rem; background: var(--panel); }
.decide h2 { border: 0; margin-top: 0; }
.choice { padding: .8rem 0; border-top: 1px solid var(--line); }
.choice button { margin-top: .6rem; }
fieldset { border: 0; padding: 0; margin: 0; } legend { padding: 0; font-weight: 600; }
.option { display: flex; gap: .6rem; align-items: baseline; padding: .5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
meter { width: 100%; height: 1.2rem; }
@media (max-width: 44rem) {
  .who { margin-left: 0; width: 100%; }
  .runs li { grid-template-columns: 1fr auto; } .runs li > * { grid-column: auto; }
  .runs .task, .runs .where { grid-column: 1; } .runs .status { grid-column: 1; }
  .runs .cost, .runs .age { grid-column: 2; } .runs .cost { grid-row: 1; } .runs .age { grid-row: 2; }
  .runs .fault { grid-column: 1 / -1; grid-row: auto; }
  .runs .button { grid-column: 1 / -1; text-align: center; min-height: 2.75rem; }
  .corner { float: none; margin: 0 0 1rem; }
  .timeline li { grid-template-columns: 4.5rem 1fr; } .timeline li .text { grid-column: 1 / -1; }
  .choice button { width: 100%; }
}
`;
