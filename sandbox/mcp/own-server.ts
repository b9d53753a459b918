import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolRequestSchema, type JSONRPCMessage, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Phase } from '../runner/phase.ts';
import type { Backend } from './connection.ts';
import { ownTools } from './own-tools.ts';

/** Drydock's own server. It is in the runner, so that an agent can neither end nor change it. */
export async function ownServer(phase: Phase): Promise<Backend> {
  const tools = ownTools(phase.spec.phase);
  const server = new Server({ name: 'drydock', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, async () => ({
    tools: tools.map(({ name, description, input }) => ({
      name,
      description,
      inputSchema: z.toJSONSchema(input, { io: 'input' }) as { type: 'object' },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const tool = tools.find(({ name }) => name === params.name);
    const answer = (text: string, isError = false) => ({ content: [{ type: 'text' as const, text }], isError });
    if (tool === undefined) return answer(`This phase has no tool ${params.name}.`, true);
    const input = tool.input.safeParse(params.arguments ?? {});
    if (!input.success) return answer(`The arguments are invalid:\n${z.prettifyError(input.error)}`, true);
    try {
      return answer(await tool.run(phase, input.data));
    } catch (error) {
      return answer(`It could not be written: ${error instanceof Error ? error.message : String(error)}`, true);
    }
  });
  const { transport, messages } = pipe();
  await server.connect(transport);
  return {
    async send(message) {
      transport.onmessage?.(message as JSONRPCMessage);
    },
    messages,
    end: () => server.close(),
  };
}

/** A transport whose other end is read as messages. */
function pipe(): { transport: Transport; messages(): AsyncIterable<unknown> } {
  const waiting: unknown[] = [];
  let closed = false;
  let wake: () => void = () => undefined;
  return {
    transport: {
      start: async () => undefined,
      async send(message) {
        waiting.push(message);
        wake();
      },
      async close() {
        closed = true;
        wake();
      },
    },
    async *messages() {
      while (!closed) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        yield* waiting.splice(0);
        if (!closed && waiting.length === 0) await promise;
      }
    },
  };
}
