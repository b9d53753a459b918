import { createHash } from 'node:crypto';
import type { Notice } from './notice.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Names a message to one receiver on one channel; the same for each attempt, so that receivers know a repeated one. */
export const messageId = ({ key }: Notice, channel: string, recipient: string): string =>
  digest(JSON.stringify([key, channel, recipient]));

/** Names the thread of a run, or of a series without a run. */
export const threadId = ({ run, kind }: Notice): string => digest(JSON.stringify(run ? ['run', run.runId] : [kind]));
