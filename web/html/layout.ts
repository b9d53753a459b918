import type { PageContext } from '../options.ts';
import { assets } from './assets.ts';
import { type Markup, markup } from './markup.ts';

const navigation = ({ outbox }: PageContext['options']): [string, string][] => [
  ['/runs', 'Runs'],
  ...(outbox ? [['/outbox', 'Outbox'] as [string, string]] : []),
  ['/budget', 'Budget'],
];

export interface Page {
  title: string;
  /** Path of the navigation entry that the page belongs to. */
  at?: string;
  body: Markup;
  /** Interval at which browsers without JavaScript reload the page. */
  refreshSeconds?: number;
  /** Inline script; it gets the nonce of the page. */
  script?: Markup;
  /** Path of Drydock to which the browser is redirected. */
  next?: string;
}

export function page(context: PageContext, { title, at, body, refreshSeconds, script, next }: Page): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refreshSeconds !== undefined && markup`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`}
${next !== undefined && markup`<meta http-equiv="refresh" content="0;url=${next}">`}
<title>${title} · Drydock</title>
<link rel="icon" href="${assets.icon.path}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style.path}">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<a class="brand" href="/runs">Drydock</a>
${visitorView(context, at)}</header>
<main id="main">
${body}
</main>
${script && markup`<script nonce="${context.nonce}">${script}</script>`}
</body>
</html>
`;
}

const visitorView = (context: PageContext, at: string | undefined): Markup | null => {
  const { visitor } = context;
  return visitor === undefined
    ? null
    : markup`<nav aria-label="Pages">${navigation(context.options).map(
        ([path, name]) => markup`<a href="${path}"${at === path && markup` aria-current="page"`}>${name}</a>`,
      )}</nav>
<span class="who">voting as <strong>${visitor.who}</strong></span>
${visitor.signedIn && form(context, '/logout', markup`<button type="submit" class="quiet small">Sign out</button>`)}`;
};

/** A form for a change: always POST, always with the CSRF token of the session. */
export const form = (context: PageContext, action: string, body: Markup, css = ''): Markup =>
  markup`<form method="post" action="${action}" class="${css}"><input type="hidden" name="csrf" value="${context.visitor?.csrf}">${body}</form>`;

/** A collapsible part. @param open Whether it is expanded at first. */
export const fold = (summary: Markup | string, body: Markup, open = false): Markup =>
  markup`<details${open && markup` open`}><summary>${summary}</summary>${body}</details>`;

export const chip = (status: string): Markup =>
  markup`<span class="chip ${/^[a-z-]+$/.test(status) && status}">${status}</span>`;

/** Names and values; rows without a value are left out. */
export const facts = (rows: [string, Markup | string | null][]): Markup =>
  markup`<dl class="facts">${rows.map(([name, value]) => value !== null && value !== '' && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
