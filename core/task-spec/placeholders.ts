import type { Path } from './document.ts';
import type { TaskSpec } from './schema.ts';

/** What `drydock new` writes where a person has to write. */
export const placeholders = {
  title: 'What this is about, in one line',
  instructions: 'Say what to change and where: name files and functions, and what is different afterwards.',
  constraint: 'Change only src/example.js and its tests',
} as const;

/** Name of the problem. */
export const unfilled = 'unfilled';

/** Where a spec still has what the template wrote. */
export function unfilledFields({ title, instructions, constraints }: TaskSpec): Path[] {
  return [
    ...(title === placeholders.title ? [['title']] : []),
    ...(instructions.trim() === placeholders.instructions ? [['instructions']] : []),
    ...constraints.flatMap((constraint, i) => (constraint === placeholders.constraint ? [['constraints', i]] : [])),
  ];
}
