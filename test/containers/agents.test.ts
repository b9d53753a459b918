/** Agents as their packages are, in an image that was built with them. */
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, inject, test } from 'vitest';
import { findEngine } from '../../adapters/local/containers/engine.ts';
import { buildImage } from '../../adapters/local/containers/images/build.ts';
import { withContexts } from '../../adapters/local/containers/images/ensure.ts';
import { type AgentWorld, delivers, worldFor } from '../agents/kit.ts';
import { packageRoot } from '../machine/contract/phase-fixtures.ts';
import { inContainers } from '../support/containers/walls.ts';

const agents = ['codex', 'gemini', 'opencode', 'pi'] as const;
const kinds = { codex: 'openai', gemini: 'google', opencode: 'openai', pi: 'anthropic' } as const;

/** A model on the loopback address cannot be reached from a container: a private address of this machine stands for another one. */
const host = '10.254.254.1';

beforeAll(async () => {
  execFileSync('ip', ['address', 'replace', `${host}/32`, 'dev', 'lo']);

  const engine = await findEngine();
  await withContexts({ packageRoot }, async (contexts) => {
    const request = { engine, contexts, image: 'node', base: inject('debian'), log: () => undefined } as const;
    await buildImage({ ...request, agents: [...agents] });
  });
});

afterAll(() => void execFileSync('ip', ['address', 'delete', `${host}/32`, 'dev', 'lo']));

const worlds: AgentWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each.close();
});

describe.each(agents)('%s in a container', (name) => {
  test('plans, builds, is refused by a criterion, reworks and is delivered; the ledger is the count of the model', async () => {
    const made = await worldFor(name, kinds[name], {}, { sandbox: inContainers(), host });
    worlds.push(made);
    await delivers(made);
  });
});
