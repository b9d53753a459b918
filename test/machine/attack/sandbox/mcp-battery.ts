/** The servers of the attempts on MCP, and a phase that has them. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PhaseJob } from '../../../../core/ports/runtime/phase-runner.ts';
import { makeJob, makeWorld, project, type World } from '../../contract/phase-fixtures.ts';
import { program } from './battery.ts';
import { credentialOfDocs, mcpAttempts, mcpPrelude } from './mcp-attempts.ts';

/** A server of the sandbox that would do anything. */
const lint = `
import { createInterface } from 'node:readline';
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id } = JSON.parse(line);
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }], tools: [] } }));
});`;

/** A server that would do anything, and says with which key it was asked. */
export function docsServer(): { asked: unknown[]; listen(host: string): Promise<number>; close(): void } {
  const asked: unknown[] = [];
  const server = http.createServer((request, response) => {
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
  return {
    asked,
    async listen(host) {
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      return (server.address() as AddressInfo).port;
    },
    close: () => server.close(),
  };
}

/** A phase whose agent makes all attempts. @param url Of the server. */
export function mcpPhase(url: string): { world: World; job: PhaseJob } {
  const source = program(mcpAttempts);
  // The attempts begin where the prelude of all attempts ends.
  const at = source.indexOf('const waiting = ');
  const world = makeWorld(project, {
    'agent.mjs': source.slice(0, at) + mcpPrelude + source.slice(at),
    'lint.mjs': lint,
  });
  const credential = { name: 'x-key', value: credentialOfDocs };
  const egress = { rules: [], private: [], mcp: [{ name: 'docs', url, tools: ['search'], credential }] };
  const mcp = [
    { name: 'docs', tools: ['search'] },
    { name: 'lint', tools: ['run'], command: ['node', '/agent/lint.mjs'] },
  ];
  return { world, job: makeJob(world, { egress, spec: { mcp } }) };
}
