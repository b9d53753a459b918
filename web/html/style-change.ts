/** The part of the stylesheet for changes: the tree of files, and their lines. */
export const styleOfChange = `
.change { display: grid; grid-template-columns: 16rem minmax(0, 1fr); gap: 1rem; }
.tree { position: sticky; top: .6rem; align-self: start; font-size: .86rem; max-height: 85vh; overflow: auto; padding: .8rem; }
.tree ul { list-style: none; padding-left: .8rem; margin: 0; } .tree > ul { padding: 0; }
.tree li { padding: .12rem 0; } .tree li a { text-decoration: none; color: var(--ink); } .tree li a:hover { text-decoration: underline; }
.tree .n { float: right; color: var(--soft); white-space: nowrap; padding-left: .4rem; } .tree .folder { color: var(--soft); } .tree .seen { color: var(--soft); }
.file { border: 1px solid var(--line); border-radius: 9px; background: var(--panel); margin: 0 0 .8rem; overflow: clip; scroll-margin-top: .6rem; }
.file > summary { display: flex; flex-wrap: wrap; gap: .3rem .7rem; align-items: center; padding: .5rem .8rem; background: var(--sunk); border-bottom: 1px solid var(--line); }
.file > summary::before { content: "▸"; color: var(--soft); } .file[open] > summary::before { content: "▾"; }
.file > summary code { background: none; padding: 0; }
.tools { display: flex; flex-wrap: wrap; gap: .4rem .9rem; align-items: center; padding: .4rem .8rem; border-bottom: 1px solid var(--line); font-size: .88rem; } .tools form { margin: 0; } .tools details { margin: 0; flex-basis: 100%; }
.d { width: 100%; border-collapse: collapse; table-layout: fixed; }
.d td { border: 0; padding: 0 .5rem; font: 12.5px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.d.long td.c { white-space: pre; overflow-wrap: normal; overflow-x: auto; }
.d col.ln { width: 3.2rem; }
.d .ln { color: var(--soft); text-align: right; user-select: none; font-size: 11px; padding: 0 .4rem; }
.d .a { background: var(--add); } .d .x { background: var(--del); } .d .a.ln { background: var(--add-n); } .d .x.ln { background: var(--del-n); }
.d .h td { background: var(--run-ground); color: var(--soft); } .d .e { background: var(--sunk); }
.d ins { background: var(--add-n); text-decoration: none; border-radius: 2px; } .d del { background: var(--del-n); text-decoration: none; border-radius: 2px; }
.d .a::before, .d .x::before { content: none; }
.note { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: .5rem; align-items: start; margin: .4rem 0; }
.hljs-keyword, .hljs-built_in, .hljs-selector-tag, .hljs-tag { color: var(--k); } .hljs-string, .hljs-regexp { color: var(--s); }
.hljs-number, .hljs-literal, .hljs-attr, .hljs-attribute { color: var(--n); } .hljs-comment, .hljs-doctag, .hljs-meta { color: var(--c); font-style: italic; }
.hljs-title, .hljs-section, .hljs-name, .hljs-type { color: var(--f); }
@media (max-width: 56rem) { .change { grid-template-columns: minmax(0, 1fr); } .tree { position: static; max-height: 16rem; } .d col.ln { width: 2.2rem; } .d .ln { font-size: 10px; padding: 0 .2rem; } .d td { padding: 0 .25rem; } }
`;
