import { visible } from '../text/hidden.ts';

/** A message to people outside the pages, by e-mail or chat. */
export interface Notice {
  subject: string;
  text: string;
  link?: string;
}

/** Maximum length of a subject, in UTF-16 code units. */
const subjectCharacters = 200;

/** The subject as one line, with the hidden characters of the untrusted text made visible. */
export const subjectOf = ({ subject }: Notice): string => {
  const line = visible(subject).replace(/\s+/g, ' ').trim();
  return line.length > subjectCharacters ? `${line.slice(0, subjectCharacters - 1)}…` : line;
};

/** The text with hidden characters made visible, cut at `max` UTF-16 code units. */
export function bodyOf({ text }: Notice, max: number): string {
  const clean = visible(text).trim();
  return clean.length > max ? `${clean.slice(0, max).trimEnd()}\n… (more on the run’s page)` : clean;
}

/** Every message with a link says this: the link contains no credential. */
export const linkGrantsNothing = 'The link alone grants no access: sign in to decide.';
