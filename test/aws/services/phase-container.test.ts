/** A phase as it runs on Fargate: the gateway as a task of its own, the sandbox in a container, the bucket in between. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DrydockError } from '../../../core/errors.ts';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import { sandboxTicket } from '../../../core/run/phase-grant.ts';
import { createArchiveFolder } from '../../../gateway/registry/archive-folder.ts';
import {
  type JobChanges,
  makeJob,
  makeWorld,
  packageRoot,
  project,
  type World,
} from '../../machine/contract/phase-fixtures.ts';
import { startRegistry } from '../../machine/contract/registry-fixture.ts';
import { type Image, makeImage } from '../../support/container.ts';
import { runTasks } from '../../support/container-phase.ts';

const images: Image[] = [];
const worlds: World[] = [];
let world: World;
let image: Image;

beforeAll(async () => {
  ({ world, image } = await makeBoth(''));
});
afterAll(() => {
  for (const one of images) one.remove();
  for (const one of worlds) one.remove();
});

async function makeBoth(agent: string, files = project) {
  const made = makeWorld(files, { 'agent.mjs': agent });
  chmodSync(made.root, 0o755);
  worlds.push(made);
  const image = await makeImage(packageRoot);
  images.push(image);
  return { world: made, image };
}

const run = async (agent: string, changes: JobChanges = {}) => {
  const both = await makeBoth(agent);
  return runTasks(makeJob(both.world, changes), both.image);
};

describe('a phase in a container', () => {
  test('R17: an agent works, and what it changed comes out as on one machine', async () => {
    const { end } = await run("import fs from 'node:fs'; fs.writeFileSync('new.txt', 'x', { mode: 0o755 });", {
      spec: { baseline: true },
    });
    expect(end.failure).toBeUndefined();
    expect(end.result).toMatchObject({ outcome: 'built', baseline: 'green', changeSet: true });
    const manifest = changeManifest.parse(
      JSON.parse(Buffer.from(end.artifacts.get('changeset.json') ?? []).toString('utf8')),
    );
    const blobs = blobsByPath({ manifest, blobs: end.artifacts.get('changeset.blobs') ?? new Uint8Array() });
    expect(manifest.entries).toMatchObject([{ path: 'new.txt', op: 'put', mode: '100755' }]);
    expect(Buffer.from(blobs.get('new.txt') ?? []).toString()).toBe('x');
    // What a task does not limit is told as that.
    expect(end.enforcer).toMatch(/^fargate: .*pids none$/);
    // What the agent was given is known by its digest.
    expect(end.result?.versions).toMatchObject({ runtime: 'node:24', node: process.versions.node });
    expect(end.agentFiles).toMatch(/^[0-9a-f]{64}$/);
  });

  test('R16: what runs inside finds no secret of the runner: not in environment, arguments, memory or by asking again', async () => {
    const { end } = await run(`
      import fs from 'node:fs';
      const found = [];
      for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && name !== String(process.pid))) {
        for (const file of ['environ', 'mem', 'maps', 'fd']) {
          try {
            const seen = file === 'fd' ? fs.readdirSync('/proc/' + pid + '/fd').join() : file === 'mem' ? fs.openSync('/proc/' + pid + '/mem', 'r') : fs.readFileSync('/proc/' + pid + '/' + file, 'utf8');
            found.push([pid, fs.readFileSync('/proc/' + pid + '/comm', 'utf8').trim(), file, String(seen).slice(0, 4000)]);
          } catch {}
        }
      }
      fs.writeFileSync('found.json', JSON.stringify({ found, env: process.env }));`);
    const manifest = changeManifest.parse(
      JSON.parse(Buffer.from(end.artifacts.get('changeset.json') ?? []).toString('utf8')),
    );
    const blobs = blobsByPath({ manifest, blobs: end.artifacts.get('changeset.blobs') ?? new Uint8Array() });
    const text = Buffer.from(blobs.get('found.json') ?? []).toString();
    const { found, env } = JSON.parse(text) as { found: [string, string, string, string][]; env: object };
    expect(Object.keys(env)).not.toContain('DRYDOCK_TICKET');
    expect(text).not.toContain(sandboxTicket('key', end.phaseKey));
    // Of the runner nothing can be opened; of other processes here there is nothing to see that is secret.
    expect(found.filter(([, comm]) => comm !== 'bwrap')).toEqual([]);
  });

  test('what a command writes into the folder of the runner’s git is gone before git is used again', async () => {
    const { end } = await run(`
      import { spawnSync } from 'node:child_process';
      import fs from 'node:fs';
      const program = '/out/program';
      const reach = 'curl -s -X PUT ' + process.env.DRYDOCK_GATEWAY + '/artifacts/reached';
      fs.writeFileSync(program, '#!/bin/sh\\n' + reach + '\\n', { mode: 0o755 });
      const git = '/run/runner/git';
      fs.appendFileSync(git + '/config', '[core]\\n\\tfsmonitor = ' + program + '\\n\\thooksPath = /out/hooks\\n');
      fs.mkdirSync('/out/hooks');
      for (const name of ['post-index-change', 'post-checkout']) fs.symlinkSync(program, '/out/hooks/' + name);
      fs.writeFileSync(git + '/info/attributes', '* filter=x\\n');
      spawnSync(program);
      fs.writeFileSync('new.txt', 'x');`);
    expect(end.result).toMatchObject({ outcome: 'built', changeSet: true });
    // The agent's own call, and no other.
    expect(end.refusals.map(({ target }) => target)).toEqual(['reached']);
  });

  test('R13: the second phase of a lock file asks the registry for no archive', async () => {
    const registry = await startRegistry();
    const lock = {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { tiny: '1.2.3' } },
        'node_modules/tiny': { version: '1.2.3', integrity: registry.integrity },
      },
    };
    const both = await makeBoth('', {
      'package.json': JSON.stringify({ dependencies: { tiny: '1.2.3' }, scripts: { test: 'node test.cjs' } }),
      'package-lock.json': JSON.stringify(lock),
      'test.cjs': "if (require('tiny') !== 'tiny works') process.exit(1);",
    });
    const folder = mkdtempSync(path.join(tmpdir(), 'archives-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const archives = createArchiveFolder(folder);
    const more = { archives, registries: { npm: registry.url } };
    const job = () => makeJob(both.world, { registries: ['npm'], spec: { phase: 'verify', agent: null } });
    const archivesAsked = () => registry.requests.filter(({ path }) => path.endsWith('.tgz')).length;
    const first = await runTasks(job(), both.image, more);
    expect([first.end.result?.outcome, archivesAsked(), readdirSync(folder).length]).toEqual(['verified', 1, 1]);
    const second = await runTasks(job(), both.image, more);
    registry.close();
    expect([second.end.result?.outcome, archivesAsked()]).toEqual(['verified', 1]);
    expect(second.end.traffic.map(({ route }) => route)).toContain('cache');
    expect(second.end.result?.timings).toMatchObject({ install: expect.any(Number), test: expect.any(Number) });
  });

  test('R17: what a command leaves running, in a session of its own, is gone before the next', async () => {
    const both = await makeBoth('', {
      ...project,
      'package.json': JSON.stringify({
        private: true,
        scripts: { test: 'setsid sleep 1000 & setsid nohup sh -c "sleep 1000; true" >/dev/null 2>&1 & sleep 0.2' },
      }),
    });
    const { end } = await runTasks(
      makeJob(both.world, {
        spec: {
          phase: 'verify',
          agent: null,
          commands: [{ name: 'check: alone', command: 'ps -eo comm= | sort | uniq -c; ! pgrep sleep' }],
        },
      }),
      both.image,
    );
    expect(end.result?.commands.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ['test', 0],
      ['check: alone', 0],
    ]);
    expect(end.result?.outcome).toBe('verified');
  });

  test('a phase whose key or base is missing ends by that name, and no sandbox is told anything', async () => {
    const failing = { ...makeJob(world) };
    const { end } = await runTasks(failing, image, {
      prepare: () => Promise.reject(new DrydockError('SecretMissing', 'no key')),
    });
    expect(end).toMatchObject({ failure: { name: 'SecretMissing', message: 'no key' }, calls: [] });
  });

  test('a sandbox without the ticket is told nothing', async () => {
    const { end, said } = await runTasks(makeJob(world), image, { ticket: 'x'.repeat(64) });
    expect(end.failure).toMatchObject({ name: 'SandboxLost', message: expect.stringContaining('exit code 1') });
    expect(said).toContain('the gateway answered 403 to the ticket');
    // Anybody in the network could have asked.
    expect(end.refusals).toEqual([]);
  });

  test('R12: a sandbox that is killed is lost, and the phase has an end that says so', async () => {
    const both = await makeBoth('await new Promise((resolve) => setTimeout(resolve, 60_000));');
    const { end } = await runTasks(makeJob(both.world), both.image, { killed: true });
    expect(end.failure?.name).toBe('SandboxLost');
    expect(end.result).toBeUndefined();
  });
});
