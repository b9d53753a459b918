/** A campaign of which each part writes a file of its own, for scenarios about the machine. */
import type { PhaseJob } from '../../core/ports/runtime/phase-runner.ts';
import type { PhaseResult } from '../../core/run/phase.ts';
import { type Scripted, startedFrom } from './scripted-runner.ts';

interface PartOptions {
  depends_on?: string[];
  target_paths?: string[];
  usd?: number;
}

/** A part that writes `parts/ID.txt`. */
export const part = (id: string, more: PartOptions & Record<string, unknown> = {}) => ({
  id,
  title: `Write ${id}`,
  instructions: `Write parts/${id}.txt.`,
  target_paths: [`parts/${id}.txt`],
  ...more,
});

/** a → b, c → d. */
export const diamond = [
  part('a'),
  part('b', { depends_on: ['a'] }),
  part('c', { depends_on: ['a'] }),
  part('d', { depends_on: ['b', 'c'] }),
];

export const campaignSpec = (parts: unknown, more: Record<string, unknown> = {}) => ({
  instructions: 'Write one file for each part below parts/.',
  constraints: ['Change only parts/** and shared.txt'],
  success_criteria: [],
  campaign: { parts, ...more },
});

/** The part that a phase belongs to; undefined for the campaign itself. */
export const partOf = ({ spec }: Pick<PhaseJob, 'spec'>): string | undefined => spec.taskId.split('/')[1];

/** The usual work of a part. What it started from is written into its file. */
export function writesItsFile(job: PhaseJob): Scripted | undefined {
  const id = partOf(job);
  if (id === undefined || (job.spec.phase !== 'build' && job.spec.phase !== 'rework')) return undefined;
  const before = Object.keys(startedFrom(job)).sort().join(' ');
  return { onTop: true, files: { [`parts/${id}.txt`]: `${id} after ${before || 'nothing'}\n` } };
}

export const redVerify: Scripted = {
  result: {
    outcome: 'failed',
    error: { name: 'VerifyFailed', message: '1 of 4 failed' },
  } satisfies Partial<PhaseResult>,
};

/** A phase that goes on until it is let go. */
export const held = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { until: promise, letGo: resolve };
};

/** b and c both write shared.txt, each its own line. */
export const sharing = [
  part('a'),
  part('b', { target_paths: ['parts/b.txt', 'shared.txt'] }),
  part('c', { target_paths: ['parts/c.txt', 'shared.txt'] }),
];

/** The agent of `sharing`. */
export function writesShared(job: PhaseJob): Scripted | undefined {
  const id = partOf(job);
  const usual = writesItsFile(job);
  if (!usual || (id !== 'b' && id !== 'c')) return usual;
  return { ...usual, files: { ...usual.files, 'shared.txt': `${startedFrom(job)['shared.txt'] ?? ''}by ${id}\n` } };
}
