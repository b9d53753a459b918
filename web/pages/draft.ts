import { type Markup, markup } from '../html/markup.ts';

/** The fields of a refused form by name, so that the person does not have to write them again. */
export type Draft = ReadonlyMap<string, string>;

/** Fields that a person writes; the other fields come from the page. */
const written: ReadonlyMap<string, string> = new Map([
  ['text', 'Text'],
  ['constraint', 'Constraint'],
  ['edit', 'Plan'],
  ['reason', 'Reason'],
]);

export const draftOf = (body: string): Draft =>
  new Map([...new URLSearchParams(body)].map(([name, value]) => [name, value.replace(/\r\n?/g, '\n')]));

/** Text of a field if the draft has this choice; otherwise empty. */
export const draftText = (draft: Draft | undefined, choice: string, name: string): string =>
  (draft?.get('choice') === choice && draft.get(name)) || '';

/** The written texts, for copying, if the form is not shown again. */
export function draftBox(draft: Draft): Markup | null {
  const texts = [...draft].filter(([name, value]) => written.has(name) && value.trim() !== '');
  return texts.length === 0
    ? null
    : markup`<section><h2>Your text</h2><p>It was not saved.</p>${texts.map(
        (
          [name, value],
          i,
        ) => markup`<label for="kept-${i}">${written.get(name)}</label><textarea id="kept-${i}" rows="${Math.min(16, value.split('\n').length + 1)}" readonly>
${value}</textarea>`,
      )}</section>`;
}

/** A form that sends the same fields again; the server checks them like a first request. */
export const sendAgain = (action: string, draft: Draft): Markup =>
  markup`<form method="post" action="${action}">${[...draft]
    .filter(([name]) => name !== 'csrf')
    .map(
      ([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`,
    )}<button type="submit">Send your text again</button></form>`;
