/** MCP servers of a run: what its phases get, and the example of docs/mcp.md as it stands there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, run } from '../../support/world.ts';

const root = resolve(import.meta.dirname, '../../..');
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
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

test('plan and build get the servers of the spec, each side what it needs; verify gets none, and no credential of theirs', async () => {
  vi.stubEnv('DOCS_KEY', 'sesame-open-9000');
  vi.stubEnv('OTHER_KEY', 'not-of-this-run');
  const world = createWorld();
  closing.push(() => world.remove());
  world.policy({
    credentials: { docs: { env: 'DOCS_KEY', as: 'bearer' }, other: { env: 'OTHER_KEY', as: 'bearer' } },
    mcp: {
      docs: { url: 'https://mcp.acme.example/mcp', credential: 'docs', tools: ['search', 'fetch'] },
      lint: { command: ['node', '/agent/mcp.mjs'], tools: ['run'] },
      other: { url: 'https://other.acme.example/', credential: 'other', tools: ['x'] },
    },
  });
  const jobs = new Map<string, PhaseJob>();
  const server = await world.open({ runner: scriptedRunner((job) => void jobs.set(job.spec.phase, job)) });
  closing.push(() => server.close());
  const sandbox = {
    runtime: 'node:24',
    package_manager: 'npm',
    test_command: 'npm test',
    mcp: { docs: ['search'], lint: ['run'] },
  };
  expect((await run(world, server, { spec: { sandbox } })).status).toBe('delivered');
  for (const phase of ['plan', 'build']) {
    const { spec, egress } = jobs.get(phase) ?? {};
    expect(spec?.mcp).toEqual([
      { name: 'docs', tools: ['search'] },
      { name: 'lint', tools: ['run'], command: ['node', '/agent/mcp.mjs'] },
    ]);
    const credential = { name: 'authorization', value: 'Bearer sesame-open-9000' };
    expect(egress?.mcp).toEqual([{ name: 'docs', url: 'https://mcp.acme.example/mcp', tools: ['search'], credential }]);
    expect(JSON.stringify(spec)).not.toMatch(/sesame|acme\.example\/mcp/);
  }
  const verify = jobs.get('verify');
  expect([verify?.spec.mcp, verify?.egress?.mcp]).toEqual([undefined, undefined]);
  expect(JSON.stringify([...jobs.values()].map(({ egress }) => egress))).not.toContain('not-of-this-run');
  expect(JSON.stringify(verify?.egress)).not.toContain('sesame');
});
