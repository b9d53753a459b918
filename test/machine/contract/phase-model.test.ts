/** The model route seen from a whole phase, and what is left when the server process is killed in the middle of one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { descendants, watchProcesses } from '../../../adapters/local/sandbox/limits/processes.ts';
import { meterFileOf } from '../../../adapters/local/sandbox/phase-runner.ts';
import { sweep } from '../../../adapters/local/sandbox/sweep.ts';
import { readMeter } from '../../../gateway/meter/meter.ts';
import { makeJob, makeWorld, project, runJob, type World } from './phase-fixtures.ts';

// A temporary folder of this file alone, so that what is left in it was left by these tests.
const temporary = mkdtempSync(`${tmpdir()}/dd-`);
chmodSync(temporary, 0o711);
process.env.TMPDIR = temporary;

const worlds: World[] = [];
afterAll(() => {
  for (const world of worlds) world.remove();
  rmSync(temporary, { recursive: true });
});

const asks = (times: number): string => `import fs from 'node:fs';
  for (let i = 0; i < ${times}; i++) {
    const r = await fetch(process.env.GOOGLE_GEMINI_BASE_URL + '/v1beta/models/gemini-2.5-pro:generateContent', { method: 'POST', headers: { 'x-goog-api-key': process.env.GEMINI_API_KEY, 'content-type': 'application/json' }, body: '{"contents":[]}' });
    fs.appendFileSync('answers.txt', r.status + ' ' + (await r.text()) + '\\n');
  }`;
function model(world: World, answers: number, budgetMicros = 1_000_000) {
  const session = path.join(world.root, 'session.json');
  const body = { text: 'ok', usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100 } };
  const call = { kind: 'generateContent', status: 200, headers: { 'content-type': 'application/json' }, body };
  writeFileSync(
    session,
    JSON.stringify({ provider: 'google', model: 'gemini-2.5-pro', calls: Array(answers).fill(call) }),
  );
  return { provider: 'google', allow: ['google/*'], mode: 'replay' as const, session, budgetMicros };
}
const make = (agent: string): World => {
  const world = makeWorld(project, { 'agent.mjs': agent });
  worlds.push(world);
  return world;
};
const agent = {
  profile: 'p',
  kind: 'command' as const,
  command: ['node', '/agent/agent.mjs'],
  provider: 'google',
  model: 'gemini-2.5-pro',
  files: true,
  plans: false,
};

test('R27: an agent inside asks a recorded model through the gateway, and every call is metered', async () => {
  const world = make(asks(2));
  const end = await runJob(world, makeJob(world, { spec: { agent }, model: model(world, 2) }));
  expect(end.failure).toBeUndefined();
  expect(end.result?.outcome).toBe('built');
  // 1,000 at 1.25 and 100 at 10 US dollars per million tokens
  expect(end.calls).toMatchObject(
    Array(2).fill({
      provider: 'google',
      model: 'gemini-2.5-pro',
      inputTokens: 1_000,
      outputTokens: 100,
      usdMicros: 2_250,
      state: 'settled',
    }),
  );
});

test('ReplayDiverged and BudgetExhausted are the failure of the phase', async () => {
  const world = make(asks(2));
  const diverged = await runJob(world, makeJob(world, { spec: { agent }, model: model(world, 1) }));
  expect(diverged.failure?.name).toBe('ReplayDiverged');
  const exhausted = await runJob(world, makeJob(world, { spec: { agent }, model: model(world, 2, 100) }));
  expect(exhausted.failure?.name).toBe('BudgetExhausted');
  expect(exhausted.calls).toEqual([]);
});

test('a gateway that does not start ends the sandbox that waits for it, and says why', async () => {
  const world = make(asks(1));
  const broken = { ...model(world, 1), session: path.join(world.root, 'no-such-session.json') };
  await expect(runJob(world, makeJob(world, { spec: { agent }, model: broken }))).rejects.toMatchObject({
    name: 'SandboxLost',
    message: expect.stringMatching(/gateway did not start: .*no-such-session/),
  });
  expect(readdirSync(temporary).filter((name) => /^drydock-[0-9a-f]{18}$/.test(name))).toEqual([]);
});

test('a phase without a model has no way to one', async () => {
  const world = make(asks(1));
  const end = await runJob(world, makeJob(world, { spec: { agent } }));
  expect(end.calls).toEqual([]);
  expect(end.refusals).toMatchObject([{ reason: 'this phase has no model' }]);
});

const processesWith = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  });

test('R12: kill -9 of the owner ends gateway and sandbox, and the meter log keeps what was spent', async () => {
  const mark = `drydock-orphan-${process.pid}`;
  const world = make(
    `${asks(1)}\nimport { spawn } from 'node:child_process'; spawn('bash', ['-c', 'exec -a ${mark} sleep 300'], { detached: true, stdio: 'ignore' }); console.log('now'); setInterval(() => {}, 1000);`,
  );
  const job = makeJob(world, { spec: { agent }, model: model(world, 1) });
  const program = path.join(world.root, 'owner.ts');
  const fixtures = fileURLToPath(new URL('./phase-fixtures.ts', import.meta.url));
  writeFileSync(
    program,
    `import { runJob } from ${JSON.stringify(fixtures)};
     await runJob(${JSON.stringify(world)} as never, { ...${JSON.stringify(job)}, inputs: new Map() } as never, { onEvent: (e) => console.log(JSON.stringify(e)) });`,
  );
  const server = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) if (line.includes('"now')) break;
  const below = descendants(server.pid ?? 0);
  await expect.poll(() => processesWith(mark).length).toBeGreaterThan(0);
  expect(below.length).toBeGreaterThan(3);
  server.kill('SIGKILL');
  await once(server, 'exit');
  await expect.poll(() => below.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
  expect(processesWith(mark)).toEqual([]);
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => /^drydock-[0-9a-f]{18}$/.test(name));
  expect(left().length).toBe(1);
  await sweep();
  expect(left()).toEqual([]);
  expect(readMeter(meterFileOf(world.dataDir, job.spec.phaseKey))).toMatchObject([
    { usdMicros: 2_250, state: 'settled' },
  ]);
});

test('R19: where no control group can be made, a watchdog adds up memory and processes of the tree', async () => {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const c = require('child_process'); for (let i = 0; i < 6; i++) c.spawn('sleep', ['60']); globalThis.hold = Buffer.alloc(64 << 20, 1); setInterval(() => {}, 1000);`,
    ],
    { detached: true, stdio: 'ignore' },
  );
  const base = { timeoutMs: 1, cpu: 1, memoryMb: 10_000, pids: 1_000, diskMb: 1 };
  const hit = (limits: Partial<typeof base>): Promise<string> =>
    new Promise((resolve) => void watchProcesses(process.pid, { ...base, ...limits }, resolve));
  try {
    await expect.poll(() => descendants(child.pid ?? 0).length).toBe(6);
    expect(await hit({ pids: 3 })).toMatch(/^pids: /);
    expect(await hit({ memoryMb: 32 })).toMatch(/^memory_mb: /);
    const stop = watchProcesses(process.pid, base, () => expect.unreachable());
    await sleep(600);
    stop();
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
});
