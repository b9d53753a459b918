import { form, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/**
 * Redirects from a page of Drydock, because after a cross-site redirect the browser would not send the session cookie.
 */
export const continuePage = (context: PageContext, to: string, title: string): Markup =>
  page(context, {
    title,
    next: to,
    body: markup`<h1>${title}</h1><p><a href="${to}">Continue</a></p>`,
  });

/**
 * For a signed-in person whom the policy does not list; contains no data of runs. It shows the subject, which the
 * operator needs and only the issuer knows.
 */
export const strangerPage = (
  context: PageContext,
  csrf: string,
  { subject, email }: { subject: string; email?: string | undefined },
): Markup =>
  page(context, {
    title: 'Not in the policy',
    body: markup`<h1>Not in the policy</h1>
<p>You are signed in as <strong>${email ?? subject}</strong>, but the policy does not list a person with this subject or verified address.</p>
<p>Ask the operator of Drydock to add you under <code>people</code> in the policy:</p>
<pre tabindex="0" role="region" aria-label="Lines for the policy">people:
  NAME:
    oidc: ${JSON.stringify(subject)}</pre>
${form({ ...context, visitor: { who: '', csrf, signedIn: true } }, '/logout', markup`<button type="submit" class="quiet">Sign out</button>`)}`,
  });

export const signedOutPage = (context: PageContext, issuer: string): Markup =>
  page(context, {
    title: 'Signed out',
    body: markup`<h1>Signed out</h1>
<p>You are signed out of these pages. You may still be signed in at <code>${issuer}</code>.</p>
<p><a class="button" href="/login">Sign in again</a></p>`,
  });
