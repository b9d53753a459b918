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

export function draftOf(body: string): Draft {
  const fields = new URLSearchParams(body);
  const draft = new Map([...fields].map(([name, value]) => [name, value.replace(/\r\n?/g, '\n')]));
  // Comments on lines become part of the text, as in the vote, because their fields have the same names.
  const notes = notesOf(fields);
  if (notes !== '' && draft.get('choice') === 'revise') draft.set('text', joined(draft.get('text') ?? '', notes));
  for (const name of noteFields) draft.delete(name);
  return draft;
}

const noteFields = ['note-file', 'note-line', 'note-text'] as const;

/** Comments on lines as lines of text, each with its file and line. */
export function notesOf(fields: URLSearchParams): string {
  const [files = [], lines = [], texts = []] = noteFields.map((name) =>
    fields.getAll(name).map((value) => value.replace(/\r\n?/g, '\n').trim()),
  );
  return texts
    .flatMap((text, i) => {
      const line = /^\d{1,7}$/.test(lines[i] ?? '') ? `:${lines[i]}` : '';
      return text === '' ? [] : [`${(files[i] ?? '').slice(0, 4_096)}${line}: ${text}`];
    })
    .join('\n');
}

export const joined = (text: string, notes: string): string =>
  [text.trim(), notes].filter((part) => part !== '').join('\n\n');

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
