import { stripHidden } from '../prompt/fence.ts';

/** What people are told somewhere else than on the pages. */
export interface Notice {
  subject: string;
  text: string;
  link?: string;
}

/** Lines longer than this are no subject. */
const subjectCharacters = 200;

/** Of outside text, without what is not seen, in one line. */
export const subjectOf = ({ subject }: Notice): string => {
  const line = stripHidden(subject).replace(/\s+/g, ' ').trim();
  return line.length > subjectCharacters ? `${line.slice(0, subjectCharacters - 1)}…` : line;
};

/** Without what is not seen, and cut where it is longer than people read there. @param most Characters. */
export function bodyOf({ text }: Notice, most: number): string {
  const clean = stripHidden(text).trim();
  return clean.length > most ? `${clean.slice(0, most).trimEnd()}\n… (more on the run’s page)` : clean;
}

/** Whoever holds a link still has to say who they are. */
export const linkGrantsNothing = 'The link grants nothing by itself: who decides has to sign in.';
