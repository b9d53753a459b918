import { type Markup, markup } from '../html/markup.ts';

/** The fields of a form that was refused, by name: nobody has to write them again. */
export type Draft = ReadonlyMap<string, string>;

/** Fields of our forms that a person writes; the others come with the page. */
const written: ReadonlyMap<string, string> = new Map([
  ['text', 'Text'],
  ['constraint', 'Constraint'],
  ['edit', 'Plan'],
  ['reason', 'Reason'],
]);

export const draftOf = (body: string): Draft =>
  new Map([...new URLSearchParams(body)].map(([name, value]) => [name, value.replace(/\r\n?/g, '\n')]));

/** What the person wrote in this form, where it was this choice; else nothing. */
export const draftText = (draft: Draft | undefined, choice: string, name: string): string =>
  (draft?.get('choice') === choice && draft.get(name)) || '';

/** What was written, to be copied, where its form is not shown again. */
export function draftBox(draft: Draft): Markup | null {
  const texts = [...draft].filter(([name, value]) => written.has(name) && value.trim() !== '');
  return texts.length === 0
    ? null
    : markup`<section><h2>What you wrote</h2><p>It was not sent.</p>${texts.map(
        (
          [name, value],
          i,
        ) => markup`<label for="kept-${i}">${written.get(name)}</label><textarea id="kept-${i}" rows="${Math.min(16, value.split('\n').length + 1)}" readonly>
${value}</textarea>`,
      )}</section>`;
}

/** Sends the same fields once more; what arrives is checked as if it were sent for the first time. */
export const sendAgain = (action: string, draft: Draft): Markup =>
  markup`<form method="post" action="${action}">${[...draft]
    .filter(([name]) => name !== 'csrf')
    .map(
      ([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`,
    )}<button type="submit">Go on with what you wrote</button></form>`;
