/** Runs attempts as one agent, and reads what it wrote down. */
import { blobsByPath, changeManifest } from '../../../../core/run/change-set.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { type Attempt, prelude } from './attempts.ts';

/** All attempts of one sandbox, at most eight at a time: some of them wait for an answer that does not come. */
export const program = (all: readonly Attempt[]): string =>
  [
    prelude,
    `const waiting = [${all.map(({ tries }) => `async () => { ${tries} }`).join(',\n')}].entries();`,
    'await Promise.all(Array.from({ length: 8 }, async () => { for (const [index, f] of waiting) await attempt(index, f); }));',
    'process.exit(0);',
  ].join('\n');

/** What the agent wrote down. */
export function foundBy(end: PhaseEnd): Record<string, unknown> {
  const [manifest, blobs] = [end.artifacts.get('changeset.json'), end.artifacts.get('changeset.blobs')];
  if (!manifest || !blobs) throw new Error(`the phase left no change: ${JSON.stringify({ ...end, artifacts: null })}`);
  const files = blobsByPath({ manifest: changeManifest.parse(JSON.parse(Buffer.from(manifest).toString())), blobs });
  return JSON.parse(Buffer.from(files.get('found.json') ?? []).toString('utf8')) as Record<string, unknown>;
}

export const holds = ({ held }: Attempt, result: unknown): boolean => {
  if (typeof held === 'function') return (held as (result: unknown) => boolean)(result);
  if (held instanceof RegExp) return held.test(JSON.stringify(result));
  return JSON.stringify(held) === JSON.stringify(result);
};
