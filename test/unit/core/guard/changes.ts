import { guardChange } from '../../../../core/guard/guard.ts';
import type { GuardInput } from '../../../../core/guard/input.ts';
import type { ChangeEntry, ChangeSet } from '../../../../core/run/change-set.ts';
import { gitBlobSha } from '../../../../core/task-spec/fingerprint.ts';

/** One file of a tree or a change: text, bytes, or with its mode; `null` deletes. */
export type File =
  | string
  | Uint8Array
  | { mode: '100644' | '100755' | '120000' | '160000'; content: string | Uint8Array };
export type Files = Record<string, File>;
export type Edits = [path: string, file: File | null][];

const split = (file: File) => {
  const { mode, content } =
    typeof file === 'string' || file instanceof Uint8Array ? { mode: '100644' as const, content: file } : file;
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { mode, bytes: mode === '160000' ? new Uint8Array() : bytes };
};

export const link = (target: string | Uint8Array): File => ({ mode: '120000', content: target });
export const program = (content: string | Uint8Array): File => ({ mode: '100755', content });
export const submodule: File = { mode: '160000', content: '' };

/** A change set of these edits, in their order. */
export function changeOf(edits: Edits): ChangeSet {
  const entries = edits.map(([path, file]): ChangeEntry => {
    if (file === null) return { op: 'delete', path };
    const { mode, bytes } = split(file);
    return { op: 'put', path, mode, blobSha: gitBlobSha(bytes), bytes: bytes.length };
  });
  const blobs = edits.flatMap(([, file]) => (file === null ? [] : [split(file).bytes]));
  return { manifest: { base: '1'.repeat(40), entries }, blobs: new Uint8Array(Buffer.concat(blobs)) };
}

export interface Situation {
  base?: Files;
  edits: Edits;
  target?: string[];
  excluded?: string[];
  protect?: string[];
  changedFiles?: number;
  changedBytes?: number;
  weakeningAccepted?: boolean;
}

export function guardInput(situation: Situation): GuardInput {
  const base = new Map(Object.entries(situation.base ?? {}).map(([path, file]) => [path, split(file)]));
  return {
    change: changeOf(situation.edits),
    tree: new Map([...base].map(([path, { mode, bytes }]) => [path, { mode, blobSha: gitBlobSha(bytes) }])),
    base: new Map([...base].map(([path, { bytes }]) => [path, bytes])),
    task: {
      constraints: { targetPaths: situation.target ?? [], excludedPaths: situation.excluded ?? [], constraints: [] },
      protectedPaths: situation.protect ?? [],
      limits: {
        changedFiles: situation.changedFiles ?? 300,
        changedBytes: situation.changedBytes ?? 1_000_000,
        usdMicros: 1,
        reworkRounds: 1,
        planAlternatives: 1,
        historyDepth: 1,
        concurrentRuns: 1,
        ciReportMs: 1,
        timeoutMs: 1,
        cpu: 1,
        memoryMb: 1,
        pids: 1,
        diskMb: 1,
      },
    },
    weakeningAccepted: situation.weakeningAccepted ?? false,
  };
}

/** Asynchronous, as the guard is for the steps. */
export const violationsOf = async (situation: Situation) => guardChange(guardInput(situation));
