import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodeHost } from '../../../core/ports/host/code-host.ts';
import { blobsByPath, type ChangeEntry, type ChangeSet } from '../../../core/run/change-set.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';

const env = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Someone',
  GIT_AUTHOR_EMAIL: 'someone@example.com',
  GIT_COMMITTER_NAME: 'Someone',
  GIT_COMMITTER_EMAIL: 'someone@example.com',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

interface Place {
  cwd: string;
  env?: Record<string, string>;
  input?: string | Uint8Array;
}

/** Plain git, as a person would use it; the output is not trimmed but for its last line feed. */
export function sh(place: string | Place, ...args: string[]): string {
  const { cwd, env: more, input = '' } = typeof place === 'string' ? { cwd: place } : place;
  const options = { cwd, env: { ...env, ...more }, input, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync('git', args, options).replace(/\n$/, '');
}

const folders: string[] = [];

export function tempFolder(name = 'drydock-test-'): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  folders.push(folder);
  return folder;
}

export function removeTempFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export type Edit = [path: string, content: string | Uint8Array | null, mode?: '100644' | '100755' | '120000'];

/** A change set; `null` deletes. */
export function change(base: string, edits: Edit[]): ChangeSet {
  const bytesOf = (content: string | Uint8Array) => Buffer.from(content as Uint8Array);
  const entries = edits.map(([path, content, mode = '100644']): ChangeEntry => {
    if (content === null) return { op: 'delete', path };
    const bytes = bytesOf(content);
    return { op: 'put', path, mode, blobSha: gitBlobSha(bytes), bytes: bytes.length };
  });
  const blobs = edits.flatMap(([, content]) => (content === null ? [] : [bytesOf(content)]));
  return { manifest: { base, entries }, blobs: new Uint8Array(Buffer.concat(blobs)) };
}

export const lines = (...numbers: number[]): string => numbers.map((n) => `line ${n}\n`).join('');

/** What `rebase` of a code host makes of a change, in a form to compare. */
export async function rebased(host: Pick<CodeHost, 'rebase'>, repository: string, set: ChangeSet, onto: string) {
  const { change: merged, conflicts } = await host.rebase(repository, set, onto);
  const blobs = blobsByPath(merged);
  return {
    base: merged.manifest.base,
    conflicts,
    ops: merged.manifest.entries.map(({ op, path }) => `${op} ${path}`),
    text: (path: string) => Buffer.from(blobs.get(path) ?? []).toString(),
  };
}
