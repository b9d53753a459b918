import { createHash } from 'node:crypto';
import { z } from 'zod';
import { runbookName } from '../runbook/record.ts';
import * as field from '../task-spec/fields.ts';
import { askKinds } from './kinds.ts';

/** The request of such a run. Its bytes are stored as the spec's are. */
export const askRequest = z.strictObject({
  kind: z.enum(askKinds),
  repository: field.repositoryName,
  target_branch: field.branch,
  /** What a person asks for, or what the run learns from. */
  text: field.prose(20_000),
  /** Texts from outside that belong to it, such as the issue in which it was asked. */
  outside: z
    .array(z.strictObject({ from: z.string().max(500), text: z.string().max(50_000) }))
    .max(20)
    .default([]),
  /** Nobody answers questions: the agent marks what it assumes. */
  assume: z.boolean().default(false),
  /** Issue or pull request of the host where answers are given. */
  conversation: z.int().positive().exactOptional(),
  /** Of `learn`: where it is learned from, https URLs and ids of runs. */
  from: z.array(z.string().max(300)).max(20).default([]),
  /** Of `learn`: the runbook that the run was made from, whose guide may be changed. */
  runbook: runbookName.exactOptional(),
});
export type AskRequest = z.infer<typeof askRequest>;

/** Name of the run: the same request in the same repository has the same one. */
export const askTaskId = ({ kind, repository, text, outside }: AskRequest): string =>
  `${kind}-${createHash('sha256')
    .update(
      // What is learned from one run is learned once, whatever is known of it by then.
      JSON.stringify([repository, text.trim(), ...(kind === 'learn' ? [] : [outside])]),
    )
    .digest('hex')
    .slice(0, 8)}`;
