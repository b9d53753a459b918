import type { Path } from './document.ts';
import type { TaskSpec } from './schema.ts';

/** The placeholders that `drydock new` writes for a person to replace. */
export const placeholders = {
  title: 'What this is about, in one line',
  instructions: 'Say what to change and where: name files and functions, and what is different afterwards.',
  constraint: 'Change only src/example.js and its tests',
} as const;

/** Name of the lint rule. */
export const unfilled = 'unfilled';

/** Paths of the fields that still have the text of the template. */
export function unfilledFields({ title, instructions, constraints }: TaskSpec): Path[] {
  return [
    ...(title === placeholders.title ? [['title']] : []),
    ...(instructions.trim() === placeholders.instructions ? [['instructions']] : []),
    ...constraints.flatMap((constraint, i) => (constraint === placeholders.constraint ? [['constraints', i]] : [])),
  ];
}
