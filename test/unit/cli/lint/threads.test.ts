import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { lintFiles } from '../../../../cli/lint/threads.ts';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { specBytes } from '../../core/task-spec/specs.ts';

const folder = mkdtempSync(join(tmpdir(), 'drydock-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
/** Every third has a fault of its own. */
const specs = (count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    write(
      `TASK-${i}.yaml`,
      Buffer.from(specBytes({ task_id: `TASK-${i}`, ...(i % 3 === 0 ? { [`field_${i}`]: true } : {}) })).toString(),
    ),
  );
const { policy } = parsePolicy(
  Buffer.from('version: 1\nrepositories: {acme/app: {host: git, url: .}}\nlimits: {usd_per_run: 1}\n'),
);
const context = { facts: { files: ['packages/p1/package.json'] }, policy };
/** A program for the threads. */
const program = (name: string, text: string): URL => pathToFileURL(write(name, text));

test('threads report the same, in the order of the files, as this thread does', async () => {
  const files = specs(130);
  const here = await lintFiles(files, context, { threads: 1 });
  expect(await lintFiles(files, context, { threads: 3 })).toEqual(here);
  expect(here.map(({ taskId }) => taskId)).toEqual(files.map((_, i) => `TASK-${i}`));
  expect(here.some(({ valid }) => valid) && here.some(({ valid }) => !valid)).toBe(true);
});

test.each([1, 2])('the first file that cannot be read ends it by name, in %i threads', async (threads) => {
  const files = specs(120);
  files[70] = join(folder, 'missing-70.yaml');
  files[101] = join(folder, 'missing-101.yaml');
  await expect(lintFiles(files, context, { threads })).rejects.toMatchObject({
    name: 'FileUnreadable',
    exit: 2,
    message: expect.stringContaining('missing-70.yaml'),
  });
});

test.each([
  ['exits', 'process.exit(3);', 'it exited with 3'],
  ['throws', "throw new Error('no memory');", 'no memory'],
  [
    'exits with its work undone',
    "require('node:worker_threads').parentPort.once('message', () => process.exit(0));",
    '0',
  ],
])('a thread that %s is ThreadLost', async (_, text, message) => {
  await expect(
    lintFiles(specs(60), context, { threads: 2, program: program('worker.cjs', text) }),
  ).rejects.toMatchObject({ name: 'ThreadLost', exit: 4, message: expect.stringContaining(message) });
});
