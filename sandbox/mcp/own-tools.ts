import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AskTopic, answerFile } from '../../core/ask/names.ts';
import { topicTool } from '../../core/ask/topics.ts';
import { plan } from '../../core/plan/schema.ts';
import { checkpoint, eventLimits, type PhaseSpec, question } from '../../core/run/phase.ts';
import { Transcript } from '../agents/transcript.ts';
import { outputs } from '../layout.ts';
import type { Phase } from '../runner/phase.ts';

interface OwnTool {
  description: string;
  input: z.ZodType<object>;
  /** @returns what the agent is told. */
  run(phase: Phase, input: object): Promise<string>;
}

/** A tool that leaves what an agent can also write into `$DRYDOCK_OUT` itself; it is read from there at the end. */
const leaving = (file: string, description: string, input: z.ZodType<object>, told: string): OwnTool => ({
  description,
  input,
  async run(phase, value) {
    await leave(phase.folders.out, file, `${JSON.stringify(value, null, 2)}\n`);
    return told;
  },
});

const submitting = (topic: AskTopic): OwnTool => {
  const { description, input } = topicTool(topic);
  return leaving(answerFile(topic), description, input, 'It is handed in. End your turn now.');
};

const tools = {
  submit_plan: leaving(
    outputs.plan,
    'Hands in the plan of the task, which a person approves before any file is changed. A later call replaces it.',
    plan.omit({ origin: true }),
    'The plan is handed in. End your turn now.',
  ),
  ask_human: leaving(
    outputs.question,
    'Asks a person for a decision without which you cannot continue. You will be started again with the answer.',
    question,
    'The question is handed in. End your turn now; you will be started again with the answer.',
  ),
  submit_draft: submitting('draft'),
  submit_learn: submitting('learn'),
  submit_review: submitting('review'),
  submit_split: submitting('split'),
  reach_checkpoint: leaving(
    outputs.checkpoint,
    'Says that a checkpoint of the task is reached, where a person checks the work before you continue.',
    checkpoint,
    'The checkpoint is handed in. End your turn now; you will be started again when a person has checked the work.',
  ),
  report_progress: {
    description: 'Tells the people who watch the task what you are doing, in one or two sentences.',
    input: z.strictObject({ text: z.string().min(1).max(2_000) }),
    async run(phase, value) {
      const { text } = value as { text: string };
      new Transcript((event) => phase.gateway.emit(event), phase.boot.agentSecret).add({
        type: 'message',
        text: text.slice(0, eventLimits.message),
      });
      return 'It is sent.';
    },
  },
} satisfies Record<string, OwnTool>;

const ofPhase: Readonly<Record<PhaseSpec['phase'], readonly (keyof typeof tools)[]>> = {
  plan: ['submit_plan', 'ask_human', 'report_progress'],
  build: ['ask_human', 'reach_checkpoint', 'report_progress'],
  rework: ['ask_human', 'reach_checkpoint', 'report_progress'],
  verify: [],
  draft: ['submit_draft', 'report_progress'],
  learn: ['submit_learn', 'report_progress'],
  review: ['submit_review', 'report_progress'],
  split: ['submit_split', 'report_progress'],
};

/** Names of the tools of Drydock's own server in a phase. */
export const ownToolNames = (phase: PhaseSpec['phase']): readonly string[] => ofPhase[phase];

export const ownTools = (phase: PhaseSpec['phase']): (OwnTool & { name: string })[] =>
  ofPhase[phase].map((name) => ({ name, ...tools[name] }));

/** Writes a file in a place of the agent's, which may hold a link or a pipe under its name: that is replaced, not followed. */
async function leave(folder: string, name: string, text: string): Promise<void> {
  const made = join(folder, `.${name}.${randomBytes(6).toString('hex')}`);
  const file = await open(
    made,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(made, join(folder, name)).catch(async (error: unknown) => {
    await rm(made, { force: true });
    throw error;
  });
}
