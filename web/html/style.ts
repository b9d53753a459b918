import { styleOfChange } from './style-change.ts';

/** The stylesheet: light and dark by preference, a contrast of at least 4.5:1, no horizontal scrolling at 320 px. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f7f8f8; --panel: #fff; --sunk: #f1f4f4; --ink: #172023; --soft: #55646a; --line: #dbe2e3; --accent: #0b5c6b; --on-accent: #fff;
  --good: #1a6b3c; --good-ground: #e3f3e8; --bad: #a3261d; --bad-ground: #fbe9e7; --wait: #7a4a00; --wait-ground: #fdf0d3;
  --run: #0a4fa3; --run-ground: #e4eefb; --mute-ground: #eceff0;
  --add: #e6f6ea; --add-n: #c9ecd3; --del: #fdecea; --del-n: #f9d3ce;
  --k: #8b1a6b; --s: #0a5f38; --n: #0a4fa3; --c: #59676d; --f: #5b3ba8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101517; --panel: #171e21; --sunk: #1d2629; --ink: #e6ecec; --soft: #a4b4b9; --line: #2b373b; --accent: #6fc7d6; --on-accent: #06262c;
    --good: #86d6a3; --good-ground: #15301f; --bad: #f6a39b; --bad-ground: #3a1b19; --wait: #f0c678; --wait-ground: #36290e;
    --run: #8fc0ff; --run-ground: #14283f; --mute-ground: #222c30;
    --add: #12291a; --add-n: #1c4229; --del: #341a19; --del-n: #56262a;
    --k: #f0a6d6; --s: #8fe0b0; --n: #9cc7ff; --c: #a0afb5; --f: #c9b6ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
main { max-width: 76rem; margin: 0 auto; padding: 1.1rem 1.2rem 4rem; }
main.barred { padding-bottom: 9rem; }
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
h3 { font-size: .92rem; margin: .9rem 0 .3rem; }
p { margin: .4rem 0; }
a { color: var(--accent); text-underline-offset: .15em; }
ul, ol { padding-left: 1.3rem; margin: .4rem 0; }
code, pre, textarea.code { font: 12.5px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { background: var(--mute-ground); padding: .05em .3em; border-radius: 3px; }
pre { background: var(--sunk); margin: .4rem 0; padding: .7rem; border-radius: 6px; overflow: auto; max-height: 40rem; overflow-wrap: normal; }
pre.wrap, .text { white-space: pre-wrap; }
pre.wrap { overflow-wrap: anywhere; }
.lead { font-size: 1.08rem; }
.quiet { color: var(--soft); font-weight: normal; font-size: .92em; }
.label { color: var(--soft); font-size: .85em; }
.small { font-size: .86rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .5rem; z-index: 9; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.top { display: flex; gap: 1.2rem; align-items: center; background: var(--panel); border-bottom: 1px solid var(--line); padding: 0 1.2rem; overflow-x: auto; }
.top nav { display: flex; gap: .2rem; }
.top nav a { color: var(--ink); text-decoration: none; padding: .75rem .7rem; border-bottom: 2px solid transparent; white-space: nowrap; }
.top nav a:hover { text-decoration: underline; }
.top nav a[aria-current] { border-color: var(--accent); font-weight: 600; }
.badge { background: var(--wait); color: var(--panel); border-radius: 9px; padding: 0 .45rem; font-size: .75rem; font-weight: 700; }
.brand { white-space: nowrap; font-weight: 700; color: var(--accent); text-decoration: none; padding: .75rem 0; }
.who { margin-left: auto; color: var(--soft); font-size: .88rem; white-space: nowrap; }
.who strong { color: var(--ink); }
.foot { max-width: 76rem; margin: 0 auto; padding: 0 1.2rem 2rem; display: flex; gap: 1rem; align-items: center; color: var(--soft); font-size: .88rem; }
.head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; margin: .3rem 0 .6rem; }
.head p { margin: 0; }
.trail { margin: .2rem 0; font-size: .9rem; color: var(--soft); }
.row { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: center; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; margin: 0 0 1rem; min-width: 0; }
.card > :last-child { margin-bottom: 0; }
.two { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 1rem; }
.chip { display: inline-flex; gap: .35rem; align-items: center; border-radius: 99px; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; white-space: nowrap; background: var(--mute-ground); color: var(--soft); }
.chip.good, .chip.done, .chip.delivered, .chip.approved, .chip.passed, .chip.answered { background: var(--good-ground); color: var(--good); }
.chip.bad, .chip.failed, .chip.changes-requested { background: var(--bad-ground); color: var(--bad); }
.chip.wait, .chip.waiting, .chip.again, .chip.warn, .chip.pending, .chip.revise, .chip.expired { background: var(--wait-ground); color: var(--wait); }
.chip.full { background: var(--wait); color: var(--panel); }
.chip.run, .chip.running { background: var(--run-ground); color: var(--run); }
.chip.gone { background: transparent; border: 1px solid var(--soft); }
a.chip { text-decoration: none; min-height: 24px; }
a.chip[aria-current] { outline: 2px solid currentColor; }
.box { border: 1px solid var(--line); border-left: 4px solid var(--soft); border-radius: 8px; padding: .6rem 1rem; margin: .8rem 0; background: var(--panel); }
.box.good { border-left-color: var(--good); } .box.bad { border-left-color: var(--bad); }
.box.warn { border-color: transparent; border-left-color: var(--wait); background: var(--wait-ground); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; margin: .6rem 0; }
.facts dt { color: var(--soft); font-size: .78rem; }
.facts dd { margin: 0; font-weight: 600; } .facts dd .quiet, .facts dd code { font-weight: 400; }
.tabs { display: flex; gap: .3rem; border-bottom: 1px solid var(--line); margin: .8rem 0 1rem; overflow-x: auto; }
.tabs a { padding: .55rem .8rem; text-decoration: none; color: var(--soft); border-bottom: 2px solid transparent; white-space: nowrap; }
.tabs a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
.steps { display: flex; list-style: none; padding: 0; margin: .9rem 0 0; gap: .25rem; }
.steps li { flex: 1; border-top: 4px solid var(--line); padding: .35rem .1rem 0; font-size: .8rem; color: var(--soft); min-width: 0; }
.steps li.done { border-color: var(--good); color: var(--ink); }
.steps li.now { border-color: var(--run); color: var(--ink); font-weight: 600; }
.steps li.waits { border-color: var(--wait); color: var(--ink); font-weight: 600; }
.steps li.ended { border-color: var(--bad); color: var(--ink); font-weight: 600; }
.steps li.left-out { border-top-style: dotted; }
.steps small { display: block; font-weight: 400; color: var(--soft); }
.needs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: .8rem; list-style: none; padding: 0; margin: 0 0 1.4rem; }
.need { background: var(--panel); border: 1px solid var(--line); border-left: 4px solid var(--wait); border-radius: 10px; padding: .8rem .95rem; display: flex; flex-direction: column; gap: .35rem; }
.need p { margin: 0; }
.need .end { display: flex; justify-content: space-between; align-items: center; gap: .5rem; margin-top: auto; padding-top: .35rem; }
.need h2 { margin: 0; }
.verdict { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; margin: .8rem 0; }
.verdict > div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .75rem; }
.verdict b { display: block; font-size: 1.05rem; } .verdict b.good { color: var(--good); } .verdict b.bad { color: var(--bad); }
.verdict dt { color: var(--soft); font-size: .86rem; } .verdict dd { margin: 0; font-size: .88rem; }
.files, .messages, .votes, .refusals, .checks { list-style: none; padding: 0; }
.files li, .votes li, .refusals li { padding: .35rem 0; border-bottom: 1px solid var(--line); }
.messages h2 { margin: 1rem 0 0; }
.empty { padding: 2rem 1rem; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: 10px; }
.phases > li { margin: .6rem 0; }
details { margin: .4rem 0; }
summary { cursor: pointer; padding: .35rem 0; }
.commands details { border: 1px solid var(--line); border-radius: 6px; padding: 0 .7rem; background: var(--panel); }
.plus { color: var(--good); } .minus { color: var(--bad); }
.log, .timeline { list-style: none; padding: 0; margin: 0; }
.log > li { display: grid; grid-template-columns: 4.4rem 1.4rem minmax(0, 1fr) auto; gap: .2rem .5rem; padding: .3rem 0; border-top: 1px solid var(--line); font-size: .92rem; }
.log time, .timeline time { color: var(--soft); font-variant-numeric: tabular-nums; font-size: .84rem; }
.log .icon { color: var(--soft); text-align: center; } .log .took { color: var(--soft); font-size: .84rem; white-space: nowrap; }
.log details { grid-column: 3 / -1; margin: 0; }
.timeline li { display: grid; grid-template-columns: 4.5rem 9rem minmax(0, 1fr); gap: .2rem .8rem; padding: .3rem 0; border-top: 1px solid var(--line); }
.kind { color: var(--soft); }
button, .button { display: inline-flex; align-items: center; justify-content: center; overflow-wrap: normal; white-space: nowrap; font: 600 .92rem/1.1 system-ui, sans-serif; padding: .62rem 1rem; min-height: 2.75rem; border-radius: 7px; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.1); }
button.quiet, .button.quiet { background: transparent; color: var(--accent); }
button.danger, .button.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
button.small, .button.small { padding: .3rem .8rem; min-height: 2.2rem; font-size: .86rem; }
input, select, textarea { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft); border-radius: 6px; padding: .45rem .6rem; max-width: 100%; }
input:not([type=radio], [type=checkbox], [type=hidden]), textarea { width: 100%; }
::placeholder { color: var(--soft); opacity: 1; }
label { display: block; margin: .3rem 0; }
.filter { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin: 0 0 .8rem; }
.filter label { margin: 0; color: var(--soft); font-size: .84rem; } .filter select, .filter input { display: block; min-height: 2.5rem; color: var(--ink); font-size: .95rem; }
.filter label.grow { flex: 1 1 14rem; }
.bar { position: fixed; left: 0; right: 0; bottom: 0; background: var(--panel); border-top: 1px solid var(--line); box-shadow: 0 -6px 18px rgb(0 0 0 / .07); padding: .7rem 1.2rem; z-index: 5; }
.bar .in { max-width: 76rem; margin: 0 auto; display: flex; flex-direction: row-reverse; gap: .7rem; align-items: center; }
.bar p { margin: 0 auto 0 0; } .bar form { margin: 0; }
.choice { border-top: 1px solid var(--line); padding-block: .8rem; scroll-margin-top: 1rem; }
.choice:target { outline: 2px solid var(--accent); outline-offset: 6px; border-radius: 4px; }
.choice button { margin-top: .6rem; }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; } legend { padding: 0; font-weight: 600; }
.option { display: flex; gap: .6rem; align-items: baseline; padding: .5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { color: var(--soft); font-weight: 600; font-size: .8rem; text-align: left; padding: .4rem .6rem; }
td { padding: .5rem .6rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody th { border-top: 1px solid var(--line); vertical-align: top; padding-block: .5rem; }
caption { text-align: left; font-weight: 600; padding: .3rem .6rem; }
.runs td:first-child { min-width: 14rem; } .runs tr:hover td { background: var(--sunk); }
.runs td a.title { font-weight: 600; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
svg .axis { stroke: var(--line); } svg .limit { stroke: var(--bad); stroke-dasharray: 5 4; } svg .pace { stroke: var(--soft); stroke-dasharray: 2 4; fill: none; }
svg .spent { fill: var(--accent); opacity: .85; } svg .held { fill: var(--wait); opacity: .45; } svg .forecast { stroke: var(--run); stroke-dasharray: 6 4; fill: none; stroke-width: 2; } svg .mark { stroke: var(--soft); }
.chart { max-width: 100%; height: auto; max-height: 16rem; display: block; }
#parts th { white-space: nowrap; }
.graph { display: block; margin: .3rem 0 .8rem; font-size: 13px; }
.graph path { fill: none; stroke: var(--soft); stroke-width: 1.5; } .graph rect { fill: var(--mute-ground); stroke: var(--line); }
.graph text { fill: var(--ink); } .graph .name { font-weight: 600; } .graph .state { fill: var(--soft); font-size: 11px; }
.graph .done { fill: var(--good-ground); stroke: var(--good); } .graph .running { fill: var(--run-ground); stroke: var(--run); }
.graph .waiting { fill: var(--wait-ground); stroke: var(--wait); } .graph .failed { fill: var(--bad-ground); stroke: var(--bad); }
@media (max-width: 56rem) {
  .top { padding: 0 .8rem; gap: .6rem; }
  main { padding: .8rem .8rem 4rem; } .foot { padding: 0 .8rem 2rem; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .filter label { flex: 1 1 6rem; } .filter label.grow { flex-basis: 100%; }
  .verdict { grid-template-columns: 1fr 1fr; }
  .steps li { font-size: 0; } .steps li.now, .steps li.waits, .steps li.ended { font-size: .8rem; flex: 3; } .steps li:not(.now, .waits, .ended) small { display: none; }
  .bar { padding: .6rem .8rem; } .bar p { display: none; } .bar .in > * { flex: 1 1 auto; } .bar button, .bar .button { width: 100%; padding: .62rem .5rem; }
  .log > li { grid-template-columns: 4rem 1.2rem minmax(0, 1fr); } .log .took { grid-column: 3; }
  .timeline li { grid-template-columns: 4.5rem 1fr; } .timeline li .text { grid-column: 1 / -1; }
  .runs thead { display: none; } .runs tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: .5rem 0; border-top: 1px solid var(--line); } .runs td { border: 0; padding: .1rem .4rem; } .runs td:nth-child(4), .runs td:nth-child(5) { display: none; } .runs td:nth-child(6) { align-self: center; } .runs td:first-child { grid-column: 1 / -1; min-width: 0; } .runs td.what { grid-column: 1 / -1; grid-row: 3; }
}
@media print {
  .top, .bar, .skip, .foot, .filter, .tree, form, button, .tabs { display: none !important; }
  body, main { background: #fff; color: #000; } main, main.barred { max-width: none; padding: 0; }
  pre { max-height: none; overflow: visible; white-space: pre-wrap; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  details > :not(summary) { display: block; } details > table { display: table; }
}
${styleOfChange}`;
