import { form, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** Goes on by itself, from a page of ours, so that the browser sends the session's cookie along. */
export const goOnPage = (context: PageContext, to: string, title: string): Markup =>
  page(context, {
    title,
    next: to,
    body: markup`<h1>${title}</h1><p><a href="${to}">Go on</a></p>`,
  });

/** Says that the policy does not name somebody, and nothing else. */
export const strangerPage = (context: PageContext, csrf: string, name: string): Markup =>
  page(context, {
    title: 'Not in the policy',
    body: markup`<h1>Not in the policy</h1>
<p>You are signed in as <strong>${name}</strong>, and the policy names nobody with that subject or verified address.</p>
<p>Ask whoever runs Drydock here to add you to <code>people</code>, with your address or the issuer's subject.</p>
${form({ ...context, visitor: { who: '', csrf, signedIn: true } }, '/logout', markup`<button type="submit" class="quiet">Sign out</button>`)}`,
  });

export const signedOutPage = (context: PageContext, issuer: string): Markup =>
  page(context, {
    title: 'Signed out',
    body: markup`<h1>Signed out</h1>
<p>You are signed out of these pages. At <code>${issuer}</code> you may still be signed in.</p>
<p><a class="button" href="/login">Sign in again</a></p>`,
  });
