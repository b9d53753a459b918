import { chmodSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhaseJob } from '../../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { type Image, makeImage } from '../../../support/container.ts';
import { runTasks } from '../../../support/container-phase.ts';
import { shown } from '../../../support/shown.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../../contract/phase-fixtures.ts';
import { foundBy, holds, program } from './battery.ts';
import { credentialOfDocs, mcpAttempts, mcpPrelude } from './mcp-attempts.ts';

/** A server that would do anything, and says with which key it was asked. */
const asked: unknown[] = [];
const docs = http.createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString());
    asked.push(message);
    const by = request.headers['x-echo'] ?? 'gateway';
    const content = [{ type: 'text', text: `found by ${by} with ${request.headers['x-key']}` }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content, tools: [] } }));
  });
});
/** A server of the sandbox that would do anything. */
const lint = `
import { createInterface } from 'node:readline';
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id } = JSON.parse(line);
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }], tools: [] } }));
});`;

const worlds: World[] = [];
const images: Image[] = [];
beforeAll(() => new Promise<void>((resolve) => docs.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  docs.close();
  for (const one of [...worlds, ...images]) one.remove();
});

function job(): { world: World; job: PhaseJob } {
  const url = `http://127.0.0.1:${(docs.address() as AddressInfo).port}/mcp`;
  const source = program(mcpAttempts);
  // The attempts begin where the prelude of all attempts ends.
  const at = source.indexOf('const waiting = ');
  const world = makeWorld(project, {
    'agent.mjs': source.slice(0, at) + mcpPrelude + source.slice(at),
    'lint.mjs': lint,
  });
  worlds.push(world);
  const credential = { name: 'x-key', value: credentialOfDocs };
  const egress = { rules: [], private: [], mcp: [{ name: 'docs', url, tools: ['search'], credential }] };
  const mcp = [
    { name: 'docs', tools: ['search'] },
    { name: 'lint', tools: ['run'], command: ['node', '/agent/lint.mjs'] },
  ];
  return { world, job: makeJob(world, { egress, spec: { mcp } }) };
}

describe.each<[string, () => Promise<PhaseEnd>]>([
  [
    'bubblewrap',
    async () => {
      const made = job();
      return runJob(made.world, made.job);
    },
  ],
  [
    'a container',
    async () => {
      const made = job();
      chmodSync(made.world.root, 0o755);
      const image = await makeImage(packageRoot);
      images.push(image);
      return (await runTasks(made.job, image)).end;
    },
  ],
])('in %s, with MCP servers, an agent', (_wall, run) => {
  let end: PhaseEnd;
  let results: Record<string, unknown> = {};
  beforeAll(async () => {
    asked.length = 0;
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
    const names = asked.map((message) => (message as { params?: { name?: string } }).params?.name);
    expect(new Set(names)).toEqual(new Set(['search']));
    const targets = end.refusals.map(({ target }) => target);
    for (const target of ['mcp docs: tools/call drop', 'mcp docs: resources/read', 'mcp other', 'mcp docs'])
      expect(targets).toContain(target);
    expect(JSON.stringify({ ...end, artifacts: [...end.artifacts.values()].map(String) })).not.toContain(
      credentialOfDocs,
    );
  });
});
