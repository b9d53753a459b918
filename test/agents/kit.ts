/** A repository, a policy and a scripted model for an agent as its package is. */
import { expect } from 'vitest';
import type { ServerProcess, ServerProcessOptions } from '../../cli/local/compose.ts';
import type { AgentName } from '../../core/agents/names.ts';
import type { ProviderKind } from '../../core/models/endpoint.ts';
import type { PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { Script } from '../support/scripted-model/script.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scripted-model/server.ts';
import { createWorld, run, type World } from '../support/world.ts';

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

export interface AgentWorld {
  model: ScriptedModel;
  world: World;
  server: ServerProcess;
  close(): Promise<void>;
}

/**
 * @param change Of the profile.
 * @param prepare What has to be there before the server process starts.
 */
export async function worldFor(
  name: AgentName,
  kind: ProviderKind,
  change: object = {},
  options: Partial<Omit<ServerProcessOptions, 'runner'>> & {
    prepare?: (world: World) => void;
    runner?: (dataDir: string) => PhaseRunner;
    /** Address of the model. */
    host?: string;
  } = {},
): Promise<AgentWorld> {
  const { prepare, runner, host, ...rest } = options;
  const model = await startScriptedModel(script, host);
  const world = createWorld();
  world.policy({
    providers: { scripted: { kind, base_url: kind === 'openai' ? `${model.url}/v1` : model.url, credential: 'none' } },
    prices: { 'scripted/model-1': prices },
    agents: { profiles: { known: { agent: name, provider: 'scripted', model: 'model-1', ...change } } },
  });
  prepare?.(world);
  const server = await world.open({ ...rest, ...(runner && { runner: runner(world.data) }) });
  return {
    ...{ model, world, server },
    async close() {
      await server.close();
      world.remove();
      await model.close();
    },
  };
}

/** What the model's own count of its calls costs, in millionths of a dollar. */
export const charged = (model: ScriptedModel): number =>
  model.calls.reduce(
    (sum, { usage: { input, cached, output } }) =>
      sum + Math.ceil((input - cached) * prices.input + cached * prices.cached_input + output * prices.output - 1e-6),
    0,
  );

export const callsOf = async (server: ServerProcess, runId: string): Promise<ModelCall[]> =>
  (await server.service.audit(runId)).calls;

/** The agent plans, builds, is refused by a criterion, reworks, and is delivered; money and transcript are exact. */
export async function delivers({ model, world, server }: AgentWorld): Promise<void> {
  const view = await run(world, server);
  expect([view.status, view.error]).toEqual(['delivered', null]);
  expect(world.git('show', `${view.branch}:src/math.js`)).toContain('a + b');
  const made = await callsOf(server, view.runId);
  expect(made.every(({ charged: rule }) => rule === 'usage')).toBe(true);
  expect(made.reduce((sum, { usdMicros }) => sum + usdMicros, 0)).toBe(charged(model));
  const events = (await server.service.activity(view.runId)).flatMap(({ events: each }) => each);
  const messages = events.flatMap((event) => (event.type === 'message' ? [event.text] : []));
  expect(messages).toEqual(expect.arrayContaining(['I run the tests first.', 'I change it.']));
  const tools = events.flatMap((event) => (event.type === 'tool' ? [event] : []));
  expect(tools.some((tool) => tool.kind === 'run' && /npm test/.test(`${tool.title} ${tool.input}`))).toBe(true);
  expect(tools.some((tool) => tool.kind === 'edit' && /math\.js/.test(`${tool.title} ${tool.input}`))).toBe(true);
  expect(tools.some((tool) => tool.status === 'completed' && typeof tool.ms === 'number')).toBe(true);
}
