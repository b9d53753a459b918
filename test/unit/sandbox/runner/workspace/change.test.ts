import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gitBlobSha } from '../../../../../core/task-spec/fingerprint.ts';
import type { BootConfig } from '../../../../../sandbox/boot.ts';
import { changeOf, contentsOf, treeOfChange } from '../../../../../sandbox/runner/workspace/change.ts';
import { type OwnGit, ownGit } from '../../../../../sandbox/runner/workspace/git.ts';
import {
  type Entry,
  type Files,
  readBlobs,
  type Tree,
  writeTree,
} from '../../../../../sandbox/runner/workspace/trees.ts';

const root = mkdtempSync(path.join(tmpdir(), 'change-'));
afterAll(() => rmSync(root, { recursive: true }));
let git: OwnGit;
let base: Tree;
const commit = 'a'.repeat(40);

beforeAll(async () => {
  for (const name of ['runner', 'workspace']) mkdirSync(path.join(root, name));
  const paths = { runner: path.join(root, 'runner'), workspace: path.join(root, 'workspace') };
  git = ownGit({ paths, isolation: 'none' } as BootConfig);
  const old = { mode: '100644', sha: git.writeBlob(Buffer.from('old\n')) };
  const empty: Tree = { id: (await git.run(['mktree'])).toString().trim(), files: new Map() };
  base = { id: await writeTree(git, empty, [{ path: 'old.txt', entry: old }]), files: new Map([['old.txt', old]]) };
});

const contents: Record<string, Buffer> = {
  'a/empty': Buffer.alloc(0),
  'b.txt': Buffer.from('text\n'),
  'c.bin': Buffer.alloc(300_000, 'x'),
  'd.txt': Buffer.from('end'),
};
const files = (): Files =>
  new Map(Object.entries(contents).map(([name, bytes]) => [name, { mode: '100644', sha: gitBlobSha(bytes) }]));

test('the contents of a change are read when they are asked for, one file at a time', async () => {
  const reads: string[] = [];
  const read = async (name: string): Promise<Buffer | undefined> => {
    reads.push(name);
    return contents[name];
  };
  const change = await changeOf({ commit, files: base.files }, files(), 1_000_000, read);
  expect(change.manifest.entries).toHaveLength(5); // old.txt is deleted
  reads.length = 0;
  const stream = contentsOf(change);
  expect(reads).toEqual([]);
  expect((await stream.next()).value).toEqual(contents['b.txt']);
  expect(reads).toEqual(['b.txt']);
  expect((await stream.next()).value).toEqual(contents['c.bin']);
  expect(reads).toEqual(['b.txt', 'c.bin']);
  await stream.return(undefined);
});

test('a file that became larger while the change was sent is refused, and so is a change over the limit', async () => {
  let known = true;
  const read = async (name: string): Promise<Buffer | undefined> => (known ? contents[name] : undefined);
  const change = await changeOf({ commit, files: base.files }, files(), 1_000_000, read);
  known = false;
  await expect(contentsOf(change).next()).rejects.toMatchObject({ name: 'ResultInvalid' });
  known = true;
  const over = changeOf({ commit, files: base.files }, files(), 300_004, read);
  await expect(over).rejects.toMatchObject({ name: 'LimitExceeded', message: expect.stringContaining('c.bin') });
});

const manifest = (): Buffer => {
  const entries = Object.entries(contents).map(([name, bytes]) => ({
    op: 'put',
    path: name,
    mode: '100644',
    blobSha: gitBlobSha(bytes),
    bytes: bytes.length,
  }));
  return Buffer.from(JSON.stringify({ base: commit, entries: [{ op: 'delete', path: 'old.txt' }, ...entries] }));
};
const whole = Buffer.concat(Object.values(contents));

test.each([1, 7, 65_536, 1_000_000])('a change is applied from a stream of pieces of %i bytes', async (length) => {
  function* pieces(): Generator<Buffer> {
    const from = length === 1 ? whole.length - 10_000 : 0;
    // The first part at once: one byte at a time is slow for the large file.
    if (from > 0) yield whole.subarray(0, from);
    for (let at = from; at < whole.length; at += length) yield whole.subarray(at, at + length);
  }
  const tree = await treeOfChange(git, base, manifest(), Readable.from(pieces()));
  expect(new Map<string, Entry>(tree.files)).toEqual(new Map(files()));
});

test.each([
  ['ends before its last file', whole.subarray(0, -1)],
  ['has another content', Buffer.from(whole).fill('y', 10, 11)],
  ['is empty', Buffer.alloc(0)],
])('a stream that %s is refused', async (_what, bytes) => {
  const read = treeOfChange(git, base, manifest(), Readable.from([bytes]));
  await expect(read).rejects.toMatchObject({ name: 'ResultInvalid' });
});

test('blobs are read in batches, and one that is not there is an error', async () => {
  const large = [1, 2, 3].map((n) => git.writeBlob(Buffer.alloc(20_000_000, String(n))));
  let runs = 0;
  const counted: OwnGit = {
    ...git,
    run(args, options) {
      if (args[1] === '--batch') runs += 1;
      return git.run(args, options);
    },
  };
  const found: string[] = [];
  for await (const [id, content] of readBlobs(counted, large)) {
    expect(content).toHaveLength(20_000_000);
    expect(runs).toBe(found.length + 1); // the next one is not there yet
    found.push(id);
  }
  expect(found).toEqual(large);
  const missing = readBlobs(git, ['f'.repeat(40)]);
  await expect(missing.next()).rejects.toMatchObject({ name: 'Internal' });
});
