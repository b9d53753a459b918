import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createLocalPhaseRunner } from '../../../adapters/local/sandbox/phase-runner.ts';
import type { PhaseSpec } from '../../../core/run/phase.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from './phase-fixtures.ts';
import { changeOf, phaseRunnerContract } from './phase-runner-contract.ts';

// A temporary folder of this file alone, so that what is left in it was left by these tests.
const temporary = mkdtempSync(`${tmpdir()}/dd-`);
chmodSync(temporary, 0o711);
process.env.TMPDIR = temporary;

const worlds: World[] = [];
const world = (files: Record<string, string>, agent = ''): World => {
  const made = makeWorld(files, { 'agent.mjs': agent });
  worlds.push(made);
  return made;
};
afterAll(() => {
  for (const one of worlds) one.remove();
  rmSync(temporary, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());

const phaseFolders = (): string[] => readdirSync(tmpdir()).filter((name) => /^drydock-[0-9a-f]{18}$/.test(name));

phaseRunnerContract({ run: runJob, leftovers: phaseFolders, limits: true, unpacks: false });

describe('the machine', () => {
  test('a client reaches a server of the sandbox by each of its addresses, without the proxy', async () => {
    const w = world(
      project,
      `import { createServer } from 'node:http'; import { writeFileSync } from 'node:fs';
      const server = createServer((request, response) => response.end('own'));
      server.listen(0, '::', async () => {
        const found = {};
        for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]', 'drydock'])
          found[host] = await fetch('http://' + host + ':' + server.address().port).then((r) => r.text(), (e) => String(e.cause));
        writeFileSync('found.json', JSON.stringify(found));
        server.close();
      });`,
    );
    const end = await runJob(w, makeJob(w));
    const all = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]', 'drydock'];
    expect(JSON.parse(changeOf(end).content('found.json'))).toEqual(
      Object.fromEntries(all.map((host) => [host, 'own'])),
    );
    expect(end.refusals).toEqual([]);
  });

  test('a phase has ended before its folder is removed, and nothing is left then', async () => {
    const w = world(project, '');
    const tools = mkdtempSync(join(temporary, 'rm-'));
    const [asked, may] = [join(tools, 'asked'), join(tools, 'may')];
    // A removal that takes as long as the test wants.
    const slow = `#!/bin/sh\ntouch '${asked}'\nwhile [ ! -e '${may}' ]; do sleep 0.02; done\nexec /bin/rm "$@"\n`;
    writeFileSync(join(tools, 'rm'), slow, { mode: 0o755 });
    vi.stubEnv('PATH', `${tools}:${process.env.PATH}`);
    const runner = createLocalPhaseRunner({ dataDir: w.dataDir, packageRoot });
    const signal = new AbortController().signal;
    const end = await runner.run(makeJob(w), { signal, onEvent: () => undefined });
    expect(end.result).toBeDefined();
    expect(phaseFolders()).toHaveLength(1);
    await expect.poll(() => existsSync(asked)).toBe(true);
    writeFileSync(may, '');
    await runner.removed();
    expect(phaseFolders()).toEqual([]);
  });

  test('without bubblewrap: SandboxUnavailable with the remedy, before anything starts', async () => {
    const w = world(project);
    vi.stubEnv('PATH', '/nowhere');
    await expect(runJob(w, makeJob(w))).rejects.toMatchObject({
      name: 'SandboxUnavailable',
      exit: 4,
      remedy: expect.stringContaining('apt-get install bubblewrap'),
    });
    expect(phaseFolders()).toEqual([]);
  });

  test.each([
    ['a path of this machine', (files: string) => `${files}/agent.mjs`],
    ['the path that a policy writes', () => '/agent/agent.mjs'],
  ])('--unsafe-no-sandbox runs the same runner and says that nothing was enforced: %s', async (_what, program) => {
    const w = world(
      project,
      `import fs from 'node:fs'; fs.writeFileSync('x.txt', fs.readFileSync(process.env.DRYDOCK_PROMPT_FILE));`,
    );
    const agent = {
      profile: 'p',
      kind: 'command',
      command: ['node', program(w.agentFiles)],
      files: true,
      plans: false,
    } satisfies PhaseSpec['agent'];
    const end = await runJob(w, makeJob(w, { spec: { baseline: true, agent } }), { unsafeNoSandbox: true });
    expect(end).toMatchObject({ enforcer: 'none', result: { outcome: 'built', baseline: 'green' } });
    expect(changeOf(end).content('x.txt')).toBe('Greet politely.');
  });

  test('an agent of an unsupported kind: AgentUnavailable', async () => {
    const w = world(project);
    await expect(
      runJob(
        w,
        makeJob(w, { spec: { agent: { profile: 'p', kind: 'acp', command: ['x'], files: false, plans: true } } }),
      ),
    ).rejects.toMatchObject({
      name: 'AgentUnavailable',
      remedy: expect.stringContaining('Install it on this machine'),
    });
  });

  test('agent files that cannot be copied fail the phase alone, and nothing is left', async () => {
    const w = world(project, '');
    const job = { ...makeJob(w), agentFiles: `${w.agentFiles}/absent` };
    await expect(runJob(w, job)).rejects.toThrow(/absent/);
    expect(phaseFolders()).toEqual([]);
  });
});
