import type { Plan } from '../plan/schema.ts';
import { stripHidden } from './fence.ts';

/** Characters of a whole prompt, some 30,000 tokens. */
const maxPrompt = 120_000;

/** Tokens of a text, roughly: vendors' tokenizers make about one of four characters of English and of code. */
export const roughTokens = (text: string): number => Math.ceil(text.length / 4);

/** The parts of a prompt that may give way. The task, its constraints and criteria, and what to do now never do. */
export interface Yielding {
  /** Oldest first. */
  feedback: string[];
  handoff?: string;
  hidden?: string[];
  plan?: Plan;
  lessons?: readonly { slug: string; text: string }[];
  answers: readonly { by: string; question: string; text: string }[];
  /** What was left out or shortened, as the prompt says it. */
  leftOut: string[];
}

/**
 * Beginning and end of a text, with the number of characters between them that are left out. What a reader would not see goes first: a comment
 * whose end is left out would hide the note and all that follows it.
 */
function shortened(given: string, max: number): string {
  const text = stripHidden(given);
  if (text.length <= max) return text;
  const half = Math.floor(max / 2);
  const start = text.slice(0, half).toWellFormed();
  const end = text.slice(text.length - half).toWellFormed();
  return `${start}\n[… ${text.length - 2 * half} characters are left out here …]\n${end}`;
}

const maxNotes = 4_000;
const maxCorrection = 20_000;
const maxNames = 100;
const maxAnswer = 4_000;

/**
 * What gives way after earlier corrections, one after another, until a prompt fits: notes of an earlier phase; the last correction; names of hidden
 * files; the lessons of the team; the steps of the plan; long answers. Each step gives undefined if there is nothing to take.
 */
const yields: ((parts: Yielding) => Yielding | undefined)[] = [
  (parts) =>
    (parts.handoff?.length ?? 0) > maxNotes
      ? {
          ...parts,
          handoff: shortened(parts.handoff ?? '', maxNotes),
          leftOut: [...parts.leftOut, 'the notes of an earlier phase are shortened'],
        }
      : undefined,
  (parts) =>
    parts.feedback.some((text) => text.length > maxCorrection)
      ? {
          ...parts,
          feedback: parts.feedback.map((text) => shortened(text, maxCorrection)),
          leftOut: [...parts.leftOut, 'the last correction is shortened'],
        }
      : undefined,
  (parts) =>
    (parts.hidden?.length ?? 0) > maxNames
      ? {
          ...parts,
          hidden: parts.hidden?.slice(0, maxNames) ?? [],
          leftOut: [...parts.leftOut, `${(parts.hidden?.length ?? 0) - maxNames} names of hidden files are left out`],
        }
      : undefined,
  (parts) =>
    (parts.lessons?.length ?? 0) > 0
      ? { ...parts, lessons: [], leftOut: [...parts.leftOut, 'the advice of the team is left out'] }
      : undefined,
  (parts) =>
    parts.plan === undefined
      ? undefined
      : {
          ...parts,
          plan: { ...parts.plan, phases: parts.plan.phases.map((phase) => ({ ...phase, steps: [] })) },
          leftOut: [...parts.leftOut, 'the steps of the plan are left out'],
        },
  (parts) =>
    parts.answers.some(({ text }) => text.length > maxAnswer)
      ? {
          ...parts,
          answers: parts.answers.map((answer) => ({ ...answer, text: shortened(answer.text, maxAnswer) })),
          leftOut: [...parts.leftOut, 'long answers are shortened'],
        }
      : undefined,
];

/** The longest form of a prompt that fits; the shortest one if none does. */
export function fitting(parts: Omit<Yielding, 'leftOut'>, write: (parts: Yielding) => string): string {
  let current: Yielding = { ...parts, leftOut: [] };
  let text = write(current);
  // The last correction says what has to be done now, and is only shortened.
  for (let left = 1; text.length > maxPrompt && left < parts.feedback.length; left += 1) {
    const leftOut = [`${left} earlier ${left === 1 ? 'correction is' : 'corrections are'} left out`];
    current = { ...parts, feedback: parts.feedback.slice(left), leftOut };
    text = write(current);
  }
  for (const give of yields) {
    if (text.length <= maxPrompt) break;
    current = give(current) ?? current;
    text = write(current);
  }
  return text;
}
