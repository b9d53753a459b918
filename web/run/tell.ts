import { randomUUID } from 'node:crypto';
import { viewError } from '../../core/errors.ts';
import { maxRemark } from '../../core/remark/remark.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { form, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { errorBox } from '../pages/error.ts';

/** What a person wrote, which a refusal does not lose. */
interface Written {
  text: string;
  now: boolean;
  /** Sent twice, it is said once. */
  key: string;
}

const fresh = (): Written => ({ text: '', now: false, key: randomUUID() });

/** The form with which a person says something to the agent of a run. */
export const tellForm = (context: PageContext, path: string, { text, now, key } = fresh()): Markup =>
  markup`<section class="card choice" id="tell"><h2>Say something to the agent</h2>${form(
    context,
    `${path}/tell`,
    markup`<input type="hidden" name="key" value="${key}"><label>What it should know <textarea name="text" rows="3" maxlength="${maxRemark}" required>${text}</textarea></label><label class="option"><input type="checkbox" name="now" value="yes"${now && markup` checked`}> <span>End its turn for it</span></label><p class="quiet small">It gets this as its next turn, or with the prompt of the next phase. It changes neither the task nor its constraints, and stands in the pull request.</p><button type="submit" class="quiet">Say it</button>`,
  )}</section>`;

/** The form again, with why the text was not taken. */
export const tellAgain = (context: PageContext, path: string, written: Written, error: unknown): Markup =>
  page(context, {
    title: 'It was not taken',
    at: '/runs',
    body: markup`<p class="trail"><a href="${path}">Run</a> ›</p><h1>It was not taken</h1>${errorBox(viewError(error))}${tellForm(context, path, written)}`,
  });

/** What people said in a run so far. */
export const saidSoFar = ({ added }: RunDetail): Markup | false =>
  added.remarks.length > 0 &&
  markup`<h3 id="remarks">Said to the agent</h3><ul>${added.remarks.map(
    ({ by, text }) => markup`<li><strong>${by}</strong>: <span class="text">${text}</span></li>`,
  )}</ul>`;
