import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { type Image, makeImage } from '../../../support/container.ts';
import { runTasks } from '../../../support/container-phase.ts';
import { shown } from '../../../support/shown.ts';
import { packageRoot, runJob, type World } from '../../contract/phase-fixtures.ts';
import { foundBy, holds } from './battery.ts';
import { credentialOfDocs, mcpAttempts } from './mcp-attempts.ts';
import { docsServer, mcpPhase } from './mcp-battery.ts';

const docs = docsServer();
let url: string;
const worlds: World[] = [];
const images: Image[] = [];
beforeAll(async () => {
  url = `http://127.0.0.1:${await docs.listen('127.0.0.1')}/mcp`;
});
afterAll(() => {
  docs.close();
  for (const one of [...worlds, ...images]) one.remove();
});
const made = (): ReturnType<typeof mcpPhase> => {
  const phase = mcpPhase(url);
  worlds.push(phase.world);
  return phase;
};

describe.each<[string, () => Promise<PhaseEnd>]>([
  [
    'bubblewrap',
    async () => {
      const { world, job } = made();
      return runJob(world, job);
    },
  ],
  [
    'a container',
    async () => {
      const { world, job } = made();
      chmodSync(world.root, 0o755);
      const image = await makeImage(packageRoot);
      images.push(image);
      return (await runTasks(job, image)).end;
    },
  ],
])('in %s, with MCP servers, an agent', (_wall, run) => {
  let end: PhaseEnd;
  let results: Record<string, unknown> = {};
  beforeAll(async () => {
    docs.asked.length = 0;
    end = await run();
    results = foundBy(end);
  });
  test.for(mcpAttempts.map((attempt, index) => [attempt.name, attempt, index] as const))('%s', ([, attempt, index], {
    task,
  }) => {
    const result = results[index];
    shown(task, result);
    expect(result, 'the attempt did not run').not.toBeUndefined();
    expect(holds(attempt, result), `it got ${JSON.stringify(result)}`).toBe(true);
  });

  test('has nothing asked of a server but the allowed tool, and each refusal is told with its target', () => {
    const names = docs.asked.map((message) => (message as { params?: { name?: string } }).params?.name);
    expect(new Set(names)).toEqual(new Set(['search']));
    const targets = end.refusals.map(({ target }) => target);
    for (const target of ['mcp docs: tools/call drop', 'mcp docs: resources/read', 'mcp other', 'mcp docs'])
      expect(targets).toContain(target);
    expect(JSON.stringify({ ...end, artifacts: [...end.artifacts.values()].map(String) })).not.toContain(
      credentialOfDocs,
    );
  });
});
