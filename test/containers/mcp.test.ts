/** What an agent in a container of this machine tries with its MCP servers. */
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foundBy, holds } from '../machine/attack/sandbox/battery.ts';
import { mcpAttempts } from '../machine/attack/sandbox/mcp-attempts.ts';
import { docsServer, mcpPhase } from '../machine/attack/sandbox/mcp-battery.ts';
import { runJob, type World } from '../machine/contract/phase-fixtures.ts';
import { inContainers } from '../support/containers/walls.ts';
import { shown } from '../support/shown.ts';

const docs = docsServer();
let world: World;
let results: Record<string, unknown> = {};
beforeAll(async () => {
  const found = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  // Of this machine, as its gateway in a container reaches it.
  const host = found.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
  const phase = mcpPhase(`http://${host}:${await docs.listen('0.0.0.0')}/mcp`);
  world = phase.world;
  results = foundBy(await runJob(world, phase.job, { sandbox: inContainers() }));
});
afterAll(() => {
  docs.close();
  world.remove();
});

test.for(mcpAttempts.map((attempt, index) => [attempt.name, attempt, index] as const))('%s', ([, attempt, index], {
  task,
}) => {
  const result = results[index];
  shown(task, result);
  expect(result, 'the attempt did not run').not.toBeUndefined();
  expect(holds(attempt, result), `it got ${JSON.stringify(result)}`).toBe(true);
});

test('the server was asked for the allowed tool alone', () => {
  const names = docs.asked.map((message) => (message as { params?: { name?: string } }).params?.name);
  expect(new Set(names)).toEqual(new Set(['search']));
});
