import { fence, nameInPrompt } from '../prompt/fence.ts';
import type { Remark, Said } from './remark.ts';

/** What a person said, as a section of a prompt. The person may direct the task, so that it is more than data. */
export const remarkSection = ({ by, text }: Pick<Said, 'by' | 'text'>): string =>
  `## What ${nameInPrompt(by)} said while the task was under way\nFollow it as far as it agrees with the task and its constraints, which it does not change.\n${fence(text, by, 'a person who may direct this task')}`;

/** The next turn of an agent that is running. */
export const remarkTurn = (remarks: readonly Remark[]): string =>
  `${remarks.map(remarkSection).join('\n\n')}\n\nGo on with the task.\n`;
