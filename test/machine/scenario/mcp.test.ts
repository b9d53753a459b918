/** The example of docs/mcp.md, as it stands there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

test('the commands of docs/mcp.md deliver a change, and a tool that the policy does not list is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-mcp-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const page = readFileSync(join(root, 'docs/mcp.md'), 'utf8');
  const block = /```sh\n(cp -r [\s\S]*?)```/.exec(page)?.[1] ?? '';
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
  const drydock = `"${process.execPath}" "${join(root, 'bin/drydock.ts')}"`;
  const script = [
    'set -e',
    `drydock() { ${drydock} "$@"; }`,
    'git() { command git -c user.name=dev -c user.email=dev@example.com "$@"; }',
    block.replaceAll('/tmp', folder),
  ].join('\n');
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { ...process.env, DRYDOCK_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  closing.push(() => {
    // The glossary goes on in the background.
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended
    }
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  expect([code, printed]).toEqual([0, expect.stringContaining('delivered')]);
  expect(printed).toContain('The glossary says toSlug');
  expect(printed).toMatch(/mcp glossary: tools\/call erase/);
  expect(printed).toContain('toSlug');
  expect(printed).not.toContain('sesame-open-9000');
});
