import { DrydockError, type ErrorName, type ErrorView, errorKinds } from '../../core/errors.ts';
import { page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { RequestRefused } from '../request-refused.ts';
import { type Draft, draftBox, sendAgain } from './draft.ts';

const statuses: Partial<Record<ErrorName, number>> = {
  RunNotFound: 404,
  GateNotFound: 404,
  UsageError: 400,
  AmbiguousId: 409,
  GateClosed: 409,
  GateExpired: 410,
  VoteRefused: 403,
  AlternativesExhausted: 409,
  RunUnfinished: 409,
  BudgetExceeded: 402,
  Conflict: 409,
  Internal: 500,
};

/** HTTP status of an error: 4xx if the caller can fix it, 503 if the environment lacks something. */
function statusOf(name: ErrorName): number {
  const known = statuses[name];
  if (known !== undefined) return known;
  const { exit } = errorKinds[name];
  return exit === 2 ? 422 : exit === 4 ? 503 : exit === 1 ? 409 : 402;
}

/** An error for a page. The text of a defect is not shown, because it may contain paths or secrets. */
export function webError(error: unknown): { status: number; view: ErrorView; defect: boolean } {
  if (error instanceof RequestRefused) {
    const { status, name, message, remedy } = error;
    return { status, view: { name, message, remedy }, defect: false };
  }
  if (error instanceof DrydockError && error.name !== 'Internal') {
    const { name, message, remedy } = error;
    return { status: statusOf(name), view: { name, message, remedy }, defect: false };
  }
  const view = {
    name: 'Internal',
    message: 'An internal error occurred in Drydock.',
    remedy: errorKinds.Internal.remedy,
  };
  return { status: 500, view, defect: true };
}

/** Formats commands in backticks as code. */
const withCode = (text: string): Markup[] =>
  text.split('`').map((part, i) => (i % 2 === 1 ? markup`<code>${part}</code>` : markup`${part}`));

export const errorBox = (error: ErrorView): Markup =>
  markup`<div class="box bad" role="alert"><p><strong>${error.name}</strong></p><p class="text">${error.message}</p>${
    error.remedy !== '' && markup`<p><span class="label">Remedy</span> ${withCode(error.remedy)}</p>`
  }</div>`;

/** Titles for people; the stable name stands below. */
const titles: Partial<Record<string, string>> = {
  RunNotFound: 'There is no such run',
  GateNotFound: 'There is no such decision',
  PageNotFound: 'There is no such page',
  VoteRefused: 'The vote does not count',
  GateClosed: 'It is decided already',
  GateExpired: 'The decision has expired',
  RequestRefused: 'Nothing was changed',
  Internal: 'Something went wrong in Drydock',
};

export interface ErrorPageParts {
  /** Path of the page with the form. */
  back?: string;
  /** The refused form. */
  draft?: Draft;
  /** Sign-in page, if the session is missing; `action` is where the form is sent afterwards. */
  signIn?: { page: string; action: string };
}

export function errorPage(
  context: PageContext,
  error: ErrorView,
  { back, draft, signIn }: ErrorPageParts = {},
): Markup {
  const kept = draft && draftBox(draft);
  const title = titles[error.name] ?? 'It did not work';
  const body = markup`<h1>${title}</h1>${errorBox(error)}${
    signIn &&
    markup`<p><a href="${signIn.page}" target="_blank" rel="noopener">Sign in</a> in a new tab${kept && ', then return to this page and send your text again'}.</p>`
  }${kept}${kept && signIn && draft && sendAgain(signIn.action, draft)}<p>${
    back !== undefined && markup`<a href="${back}">Back</a> · `
  }<a href="/runs">All runs</a></p>`;
  return page(context, { title, body });
}
