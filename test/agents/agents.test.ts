/** Agents as their packages are: each plans, builds and reworks against a scripted model behind the gateway. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addAgent } from '../../adapters/local/agents/installed.ts';
import type { ServerProcess } from '../../cli/local/compose.ts';
import type { AgentName } from '../../core/agents/names.ts';
import type { ProviderKind } from '../../core/models/endpoint.ts';
import type { Script } from '../support/scripted-model/script.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model/server.ts';
import { createWorld, followRun, run, submit } from '../support/world.ts';

const packageRoot = path.join(import.meta.dirname, '../..');
const prices = { input: 3, cached_input: 0.3, output: 15 };
const plan = 'summary: Mend add\nphases:\n  - {name: mend, files: [src/math.js], steps: [add the two numbers]}\n';

/** A plan; a change that the criterion refuses; the right one. */
const script: Script = (request) => {
  if (request.includes('Read and plan; change nothing'))
    return [
      { text: 'I read the source.', steps: [{ run: 'cat src/math.js' }] },
      {
        text: 'I write the plan.',
        steps: [{ run: `printf '${plan.replaceAll('\n', '\\n')}' > "$DRYDOCK_OUT/plan.yaml"` }],
      },
      { text: 'The plan is written.', steps: [] },
    ];
  const before = request.includes('What has to be corrected') ? 'a * b' : 'a - b';
  const after = before === 'a * b' ? 'a + b' : 'a * b';
  const line = (expression: string) => `export const add = (a, b) => ${expression};`;
  return [
    { text: 'I run the tests first.', steps: [{ run: 'npm test' }] },
    { text: 'I read the source.', steps: [{ run: 'cat src/math.js' }] },
    { text: 'I change it.', steps: [{ edit: { path: 'src/math.js', before: line(before), after: line(after) } }] },
    { text: 'Done.', steps: [] },
  ];
};

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

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function worldFor(name: AgentName, kind: ProviderKind, change: object = {}) {
  const model = await startScriptedModel(script);
  const world = createWorld();
  world.policy({
    providers: { scripted: { kind, base_url: kind === 'openai' ? `${model.url}/v1` : model.url, credential: 'none' } },
    prices: { 'scripted/model-1': prices },
    agents: { profiles: { known: { agent: name, provider: 'scripted', model: 'model-1', ...change } } },
  });
  mkdirSync(world.data, { recursive: true, mode: 0o700 });
  symlinkSync(path.join(shared, 'agents'), path.join(world.data, 'agents'));
  const server = await world.open();
  closing.push(
    () => model.close(),
    () => world.remove(),
    () => server.close(),
  );
  return { model, world, server };
}

const charged = (model: ScriptedModel): number =>
  model.calls.reduce(
    (sum, { usage: { input, cached, output } }) =>
      sum + Math.ceil((input - cached) * prices.input + cached * prices.cached_input + output * prices.output - 1e-6),
    0,
  );
async function calls(server: ServerProcess, runId: string) {
  const audit = await server.service.audit(runId);
  return audit.calls;
}

describe.each(open)('%s, with the interface of %s', (name, kind) => {
  test('plans, builds, is refused by a criterion, reworks and is delivered; the ledger is the count of the model', async () => {
    const { model, world, server } = await worldFor(name, kind);
    const view = await run(world, server);
    expect([view.status, view.error]).toEqual(['delivered', null]);
    expect(world.git('show', `${view.branch}:src/math.js`)).toContain('a + b');
    const made = await calls(server, view.runId);
    expect(made.every(({ charged: rule }) => rule === 'usage')).toBe(true);
    expect(made.reduce((sum, { usdMicros }) => sum + usdMicros, 0)).toBe(charged(model));
    const events = (await server.service.activity(view.runId)).flatMap(({ events: each }) => each);
    const messages = events.flatMap((event) => (event.type === 'message' ? [event.text] : []));
    expect(messages).toEqual(expect.arrayContaining(['I run the tests first.', 'I change it.']));
    const tools = events.flatMap((event) => (event.type === 'tool' ? [event] : []));
    expect(tools.some((tool) => tool.kind === 'run' && /npm test/.test(`${tool.title} ${tool.input}`))).toBe(true);
    expect(tools.some((tool) => tool.kind === 'edit' && /math\.js/.test(`${tool.title} ${tool.input}`))).toBe(true);
    expect(tools.some((tool) => tool.status === 'completed' && typeof tool.ms === 'number')).toBe(true);
  });
});

describe.each(
  open.filter(
    ([, kind], index) => open.findIndex(([name]) => name === open[index]?.[0]) === index && kind !== 'bedrock',
  ),
)('%s is stopped', (name, kind) => {
  test('by a budget that is used up: 402, and the run ends with BudgetExhausted', async () => {
    const { model, world, server } = await worldFor(name, kind);
    const view = await run(world, server, { spec: { budget: { max_usd: 0.004 } } });
    expect([view.status, view.error?.name]).toEqual(['failed', 'BudgetExhausted']);
    const spent = (await calls(server, view.runId)).reduce((sum, { usdMicros }) => sum + usdMicros, 0);
    expect(spent).toBeLessThanOrEqual(4_000);
    expect(charged(model)).toBeLessThanOrEqual(spent);
  });

  test('by max_turns: 402, and the run ends with TurnsExhausted', async () => {
    const { world, server } = await worldFor(name, kind, { max_turns: 1 });
    const view = await run(world, server);
    expect([view.status, view.error?.name]).toEqual(['failed', 'TurnsExhausted']);
  });

  test('by a cancel while it waits for the model', async () => {
    const { model, world, server } = await worldFor(name, kind);
    const asked = Promise.withResolvers<void>();
    model.instead = () => asked.resolve();
    const { runId } = await submit(world, server);
    const ended = followRun(server, runId);
    await asked.promise;
    await server.service.cancel(runId, 'dev@example.com', 'enough');
    expect((await ended).status).toBe('cancelled');
  });
});
