import { timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { AgentServer } from '../../core/agents/agent.ts';
import { type AllowedServer, allowedServer, type McpReport } from '../../core/mcp/allowed.ts';
import { ownServer as ownName } from '../../core/mcp/policy-schema.ts';
import { mcpReport } from '../../core/mcp/report.ts';
import type { SandboxServer } from '../../core/mcp/server.ts';
import { McpSession } from '../../core/mcp/session.ts';
import { LineSplitter } from '../../core/text/lines.ts';
import { inAgentFolder } from '../agents/program.ts';
import type { Phase } from '../runner/phase.ts';
import { bridgeEnvironment, bridgeFile, bridgeProgram, connectionSecret, greetingOf } from './bridge.ts';
import { commandServer } from './command-server.ts';
import { type Backend, connectAgent, jsonLines, maxMessage } from './connection.ts';
import { ownToolNames } from './own-tools.ts';

/** Connections at a time. An agent has one to each server, and its helpers may have some. */
const maxConnections = 32;
/** Milliseconds for the first line of a connection. */
const greetingMs = 10_000;

/** The MCP servers of an agent, while it works. */
export interface McpServers {
  /** As the agent is told about them. */
  servers: AgentServer[];
  /** Files of the agent's home. */
  files: Record<string, string>;
  close(): Promise<void>;
}

/** A server that the runner serves: one with a command, or Drydock's own. */
interface Served {
  allowed: AllowedServer;
  report: McpReport;
  open(): Promise<Backend>;
}

/** Serves the MCP servers of a phase. Those at a URL are the gateway's; for the others an agent starts a program. */
export async function openMcpServers(phase: Phase): Promise<McpServers> {
  const { boot, spec, relay } = phase;
  const given = spec.mcp ?? [];
  const served = new Map<string, Served>([
    [ownName, serve(phase, { name: ownName, tools: ownToolNames(spec.phase) }, () => own(phase))],
  ]);
  for (const { name, tools, command } of given)
    if (command !== undefined) {
      const argv = inAgentFolder(phase, command);
      served.set(
        name,
        serve(phase, { name, tools }, () => commandServer(phase, name, argv)),
      );
    }
  const secret = connectionSecret();
  const { port, close } = await listen(served, secret);
  const starting = (name: string): AgentServer['at'] => ({
    program: join(boot.paths.tools, 'bin/node'),
    args: [join(boot.paths.home, bridgeFile), String(port), name],
    env: bridgeEnvironment(secret),
  });
  return {
    servers: [
      { name: ownName, tools: ownToolNames(spec.phase), at: starting(ownName) },
      ...given.map(({ name, tools, command }) => ({
        name,
        tools,
        at: command === undefined ? { url: `${relay}/mcp/${name}` } : starting(name),
      })),
    ],
    files: { [bridgeFile]: bridgeProgram },
    close,
  };
}

/** Loaded with the first connection: the SDK takes as long to load as the rest of the runner. */
const own = async (phase: Phase): Promise<Backend> => (await import('./own-server.ts')).ownServer(phase);

function serve(
  { gateway, boot }: Phase,
  { name, tools }: { name: string; tools: SandboxServer['tools'] | readonly string[] },
  open: () => Promise<Backend>,
): Served {
  const redact = (text: string): string => text.replaceAll(boot.agentSecret, '[redacted]');
  const report = mcpReport({
    server: name,
    emit: (event) => gateway.emit(event),
    redact,
    refused: (what, reason) =>
      gateway.emit({
        type: 'log',
        source: `mcp ${name}`,
        text: redact(`refused: ${what}: ${reason}\n`).slice(0, 7_000),
      }),
    now: () => performance.now(),
  });
  return { allowed: allowedServer(name, tools), report, open };
}

async function listen(
  served: ReadonlyMap<string, Served>,
  secret: string,
): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Map<Socket, Promise<void>>();
  const names = new Map([...served].map(([name, server]) => [name, { server, greeting: greetingOf(secret, name) }]));
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (open.size >= maxConnections) {
      socket.destroy();
      return;
    }
    const talk = answer(socket, (line) => {
      const found = names.get(line.slice(line.indexOf(' ') + 1));
      return found !== undefined && isSame(line, found.greeting) ? found.server : undefined;
    })
      .catch(() => undefined)
      .finally(() => {
        socket.destroy();
        open.delete(socket);
      });
    open.set(socket, talk);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    resolve(typeof address === 'object' && address !== null ? address.port : 0);
  });
  return {
    port: await promise,
    async close() {
      server.close();
      const left = [...open];
      for (const [socket] of left) socket.destroy();
      await Promise.all(left.map(([, talk]) => talk));
    },
  };
}

async function answer(socket: Socket, find: (greeting: string) => Served | undefined): Promise<void> {
  const timer = setTimeout(() => socket.destroy(), greetingMs);
  const lines = new LineSplitter(maxMessage);
  const chunks = socket as AsyncIterable<Buffer>;
  const { greeting, rest } = await greeted(chunks).finally(() => clearTimeout(timer));
  const found = find(greeting);
  if (found === undefined) return;
  const session = new McpSession(found.allowed, found.report);
  await connectAgent(socket, jsonLines(rest, lines), await found.open(), session, found.report);
}

/** The first line of a connection, and what follows it. */
async function greeted(chunks: AsyncIterable<Buffer>): Promise<{ greeting: string; rest: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  while (held.indexOf(0x0a) < 0) {
    const next = held.length > 256 ? { done: true as const, value: undefined } : await iterator.next();
    if (next.done) return { greeting: '', rest: empty() };
    held = Buffer.concat([held, next.value]);
  }
  const end = held.indexOf(0x0a);
  async function* rest(): AsyncGenerator<Buffer> {
    yield held.subarray(end + 1);
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { greeting: held.toString('latin1', 0, end), rest: rest() };
}

async function* empty(): AsyncGenerator<Buffer> {
  // nothing
}

const isSame = (given: string, expected: string): boolean =>
  given.length === expected.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'));
