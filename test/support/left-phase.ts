/** What a gateway of a task reads and leaves, for tests that keep it in memory. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { LeftPhase } from '../../adapters/aws/phases/store.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';

export const streamOf = (bytes: Uint8Array | undefined): Readable | undefined => bytes && Readable.from([bytes]);

/** The end with its artifacts, whose files are gone when the gateway has ended. */
export async function inMemory({ artifacts, ...end }: LeftPhase): Promise<PhaseEnd> {
  const read = [...artifacts].map(
    async ([name, left]) => [name, typeof left === 'string' ? await readFile(left) : left] as const,
  );
  return { ...end, artifacts: new Map(await Promise.all(read)) };
}
