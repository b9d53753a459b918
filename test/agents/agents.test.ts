/** Agents as their packages are: each plans, builds and reworks against a scripted model behind the gateway. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAgent } from '../../adapters/local/agents/installed.ts';
import { createLocalPhaseRunner } from '../../adapters/local/sandbox/phase-runner.ts';
import type { AgentName } from '../../core/agents/names.ts';
import type { ProviderKind } from '../../core/models/endpoint.ts';
import type { PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import { followRun, run, submit } from '../support/world.ts';
import { type AgentWorld, callsOf, charged, delivers, worldFor } from './kit.ts';

const packageRoot = path.join(import.meta.dirname, '../..');

/** Where an agent's own installer needs the network, it is not installed here: `drydock agents list` names it. */
const open: [AgentName, ProviderKind][] = [
  ['codex', 'openai'],
  ['gemini', 'google'],
  ['opencode', 'openai'],
  ['opencode', 'anthropic'],
  ['pi', 'openai'],
  ['pi', 'anthropic'],
  ['pi', 'google'],
];

let shared: string;
beforeAll(async () => {
  shared = mkdtempSync(path.join(tmpdir(), 'drydock-agents-'));
  for (const name of new Set(open.map(([each]) => each))) await addAgent(packageRoot, shared, name);
}, 300_000);
afterAll(() => rmSync(shared, { recursive: true, force: true }));

const worlds: AgentWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.close();
});

/** Phases with a shorter limit than a policy can set. */
function withTimeLimit(dataDir: string, timeoutMs: number): PhaseRunner {
  const real = createLocalPhaseRunner({ dataDir, packageRoot });
  return {
    run: (job, options) =>
      real.run({ ...job, spec: { ...job.spec, limits: { ...job.spec.limits, timeoutMs } } }, options),
    removed: () => real.removed(),
  };
}

async function make(
  name: AgentName,
  kind: ProviderKind,
  change: object = {},
  runner?: (dataDir: string) => PhaseRunner,
): Promise<AgentWorld> {
  const prepare = ({ data }: AgentWorld['world']): void => {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    symlinkSync(path.join(shared, 'agents'), path.join(data, 'agents'));
  };
  const made = await worldFor(name, kind, change, { prepare, ...(runner && { runner }) });
  worlds.push(made);
  return made;
}

describe.each(open)('%s, with the interface of %s', (name, kind) => {
  test('plans, builds, is refused by a criterion, reworks and is delivered; the ledger is the count of the model', async () => {
    await delivers(await make(name, kind));
  });
});

describe.each(
  open.filter(
    ([, kind], index) => open.findIndex(([name]) => name === open[index]?.[0]) === index && kind !== 'bedrock',
  ),
)('%s is stopped', (name, kind) => {
  test('by a budget that is used up: 402, and the run ends with BudgetExhausted', async () => {
    const { model, world, server } = await make(name, kind);
    const view = await run(world, server, { spec: { budget: { max_usd: 0.004 } } });
    expect([view.status, view.error?.name]).toEqual(['failed', 'BudgetExhausted']);
    const spent = (await callsOf(server, view.runId)).reduce((sum, { usdMicros }) => sum + usdMicros, 0);
    expect(spent).toBeLessThanOrEqual(4_000);
    expect(charged(model)).toBeLessThanOrEqual(spent);
  });

  test('by max_turns: 402, and the run ends with TurnsExhausted', async () => {
    const { world, server } = await make(name, kind, { max_turns: 1 });
    const view = await run(world, server);
    expect([view.status, view.error?.name]).toEqual(['failed', 'TurnsExhausted']);
  });

  test('by the time limit of its phase while it waits for the model', async () => {
    const { model, world, server } = await make(name, kind, {}, (data) => withTimeLimit(data, 15_000));
    model.instead = () => undefined;
    const view = await run(world, server);
    expect([view.status, view.error?.name]).toEqual(['failed', 'PhaseTimedOut']);
  });

  test('by a cancel while it waits for the model', async () => {
    const { model, world, server } = await make(name, kind);
    const asked = Promise.withResolvers<void>();
    model.instead = () => asked.resolve();
    const { runId } = await submit(world, server);
    const ended = followRun(server, runId);
    await asked.promise;
    await server.service.cancel(runId, 'dev@example.com', 'enough');
    expect((await ended).status).toBe('cancelled');
  });
});
