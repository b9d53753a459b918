import { stripHidden } from '../prompt/fence.ts';

/** A message to people outside the pages, by e-mail or chat. */
export interface Notice {
  subject: string;
  text: string;
  link?: string;
}

/** Maximum length of a subject, in UTF-16 code units. */
const subjectCharacters = 200;

/** The subject as one line, with invisible characters removed from the untrusted text. */
export const subjectOf = ({ subject }: Notice): string => {
  const line = stripHidden(subject).replace(/\s+/g, ' ').trim();
  return line.length > subjectCharacters ? `${line.slice(0, subjectCharacters - 1)}…` : line;
};

/** The text with invisible characters removed, cut at `max` UTF-16 code units. */
export function bodyOf({ text }: Notice, max: number): string {
  const clean = stripHidden(text).trim();
  return clean.length > max ? `${clean.slice(0, max).trimEnd()}\n… (more on the run’s page)` : clean;
}

/** Every message with a link says this: the link contains no credential. */
export const linkGrantsNothing = 'The link alone grants no access: sign in to decide.';
