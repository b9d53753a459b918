import type { StateWords } from '../../pipeline/view/words.ts';
import type { PageContext } from '../options.ts';
import { assets } from './assets.ts';
import { type Markup, markup } from './markup.ts';

const navigation = ({ outbox }: PageContext['options']): [string, string][] => [
  ['/', 'Needs you'],
  ['/runs', 'Runs'],
  ['/budget', 'Budgets'],
  ['/repositories', 'Repositories'],
  ['/audit', 'Audit'],
  ...(outbox ? [['/outbox', 'Messages'] as [string, string]] : []),
];

export interface Page {
  title: string;
  /** Path of the navigation entry that the page belongs to. */
  at?: string;
  body: Markup;
  /** How browsers keep the page fresh: by its stream, by asking every few seconds, or now and then. */
  live?: 'stream' | 'poll' | 'slow' | undefined;
  /** Path of the stream. */
  follow?: string;
  /** Interval at which browsers without JavaScript reload the page. */
  refreshSeconds?: number | undefined;
  /** Path of Drydock to which the browser is redirected. */
  next?: string;
  /** A bar with the decision, at the bottom of the window and before everything else in the order of keys. */
  bar?: Markup | null;
}

export function page(context: PageContext, given: Page): Markup {
  const { title, at, body, live, follow, refreshSeconds, next, bar } = given;
  const { badge } = context;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshSeconds !== undefined && markup`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`}
${next !== undefined && markup`<meta http-equiv="refresh" content="0;url=${next}">`}
<title>${badge !== undefined && badge > 0 && `(${badge}) `}${title} · Drydock</title>
<link rel="icon" href="${assets.icon.path}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style.path}">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/">Drydock</a>
${visitorView(context, at)}</header>
<main id="main"${bar && markup` class="barred"`}${live && markup` data-live="${live}"`}${follow !== undefined && markup` data-follow="${follow}"`}>
${bar}
${body}
</main>
${context.visitor && footer(context)}
${context.visitor && markup`<script type="module" nonce="${context.nonce}" src="${assets.script.path}"></script>`}
</body>
</html>
`;
}

const visitorView = (context: PageContext, at: string | undefined): Markup | null => {
  const { visitor, badge } = context;
  return visitor === undefined
    ? null
    : markup`<nav aria-label="Pages">${navigation(context.options).map(
        ([path, name]) =>
          markup`<a href="${path}"${at === path && markup` aria-current="page"`}>${name}${path === '/' && badge !== undefined && badge > 0 && markup` <span class="badge">${badge}</span>`}</a>`,
      )}</nav>
<span class="who">deciding as <strong>${visitor.who}</strong></span>`;
};

const footer = (context: PageContext): Markup =>
  markup`<footer class="foot"><a href="/settings">Settings</a>${
    context.visitor?.signedIn === true &&
    form(context, '/logout', markup`<button type="submit" class="quiet small">Sign out</button>`)
  }</footer>`;

/** A form for a change: always POST, always with the CSRF token of the session. */
export const form = (context: PageContext, action: string, body: Markup, css = '', id = ''): Markup =>
  markup`<form method="post" action="${action}"${css !== '' && markup` class="${css}"`}${id !== '' && markup` id="${id}"`}><input type="hidden" name="csrf" value="${context.visitor?.csrf}">${body}</form>`;

/** A collapsible part. @param open Whether it is expanded at first. */
export const fold = (summary: Markup | string, body: Markup, open = false): Markup =>
  markup`<details${open && markup` open`}><summary>${summary}</summary>${body}</details>`;

export const chip = (status: string): Markup =>
  markup`<span class="chip ${/^[a-z-]+$/.test(status) && status}">${status}</span>`;

const dots = { wait: '●', run: '●', quiet: '○', good: '✓', gone: '–', bad: '✕' } as const;

/** A state in words, with its colour and a sign that does not need the colour. */
export const stateChip = ({ text, tone }: StateWords, more = ''): Markup =>
  markup`<span class="chip ${tone === 'wait' ? 'full' : tone}"><span aria-hidden="true">${dots[tone]}</span> ${text}${more}</span>`;

/** Names and values; rows without a value are left out. */
export const facts = (rows: [string, Markup | string | null][]): Markup =>
  markup`<dl class="facts">${rows.map(([name, value]) => value !== null && value !== '' && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** Links between the parts of one subject. */
export const tabs = (label: string, all: readonly [path: string, name: string | Markup][], current: string): Markup =>
  markup`<nav class="tabs" aria-label="${label}">${all.map(
    ([path, name]) => markup`<a href="${path}"${path === current && markup` aria-current="page"`}>${name}</a>`,
  )}</nav>`;
