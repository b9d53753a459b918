import { PassThrough, Readable, Writable } from 'node:stream';
import * as acp from '@agentclientprotocol/sdk';
import type { AgentServer } from '../../core/agents/agent.ts';
import { DrydockError } from '../../core/errors.ts';
import { remarkTurn } from '../../core/remark/prompt.ts';
import type { Remark } from '../../core/remark/remark.ts';
import type { PhaseEvent, ToolKind } from '../../core/run/phase.ts';
import { agentEnvironment, promptFileIn } from '../runner/commands/environment.ts';
import { inside, type Phase } from '../runner/phase.ts';
import type { AgentDriver, AgentEnd } from './driver.ts';
import { knownAgent } from './known.ts';
import { mcpEnvironment, mcpFile } from './mcp-file.ts';
import { agentCommand } from './program.ts';
import { listen } from './remarks.ts';
import { Transcript } from './transcript.ts';

/** Time in milliseconds for an agent to exit after its session, before its namespace is ended. */
const stopMs = 2_000;

/**
 * Drives any agent that speaks the Agent Client Protocol, version 1, over its standard streams. The sandbox limits what
 * the agent can do, so every permission request is granted once; the gateway limits the cost.
 */
export const acpAgent: AgentDriver = async (phase, mcp) => {
  const agent = phase.spec.agent;
  if (agent === null) throw new DrydockError('Internal', 'the phase has no agent');
  const known = knownAgent(phase, mcp.servers);
  const input = new PassThrough();
  const stop = new AbortController();
  let session: Promise<string> = Promise.resolve('');
  const command = {
    argv: agentCommand(phase, agent, known),
    env: {
      ...agentEnvironment(phase, promptFileIn(phase.boot.paths.home)),
      ...mcpEnvironment(phase),
      ...known?.start.env,
    },
    stdin: input,
    stdout: async (output: Readable) => {
      // An agent that the product knows has them in its own configuration.
      session = converse(phase, known === undefined ? mcp.servers : [], input, output);
      // The streams end with the agent, and pending requests then fail, which also reports its crash.
      await session.catch(() => undefined);
      // Some agents do not end before their servers.
      void mcp.close();
      input.end();
      output.resume();
      setTimeout(() => stop.abort(), stopMs).unref();
    },
    stop: stop.signal,
  };
  const end = await inside(phase, 'agent', command, {
    ...mcp.files,
    ...mcpFile(mcp.servers),
    ...known?.start.files,
  });
  const common = { ms: end.ms, timedOut: end.timedOut, output: end.output };
  try {
    const stopReason = await session;
    const exitCode = stopReason === 'end_turn' ? 0 : 1;
    return { exitCode, stopReason, ...common } satisfies AgentEnd;
  } catch (error) {
    if (error instanceof DrydockError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return {
      exitCode: end.exitCode === 0 ? 1 : end.exitCode,
      stopReason: message.slice(0, 500),
      ...common,
      output: `${message}\n${end.output}`,
    };
  }
};

/** Runs one session: the prompt, then a turn for what people say meanwhile. Resolves with the agent's stop reason, which is telemetry. */
async function converse(
  phase: Phase,
  servers: readonly AgentServer[],
  input: Writable,
  output: Readable,
): Promise<string> {
  const transcript = new Transcript((event) => phase.gateway.emit(event), phase.boot.agentSecret);
  const message = joined('message', transcript);
  const thought = joined('thought', transcript);
  const stream = acp.ndJsonStream(Writable.toWeb(input), Readable.toWeb(output) as ReadableStream<Uint8Array>);
  let stopReason = '';
  await acp
    .client({ name: 'drydock' })
    .onRequest(acp.methods.client.session.requestPermission, ({ params }) => {
      const option = params.options.find((o) => o.kind === 'allow_once') ?? params.options[0];
      return option
        ? { outcome: { outcome: 'selected', optionId: option.optionId } }
        : { outcome: { outcome: 'cancelled' } };
    })
    .onNotification(acp.methods.client.session.update, ({ params: { update } }) => {
      switch (update.sessionUpdate) {
        case 'agent_message_chunk':
          thought.flush();
          if (update.content.type === 'text') message.add(update.content.text);
          break;
        case 'agent_thought_chunk':
          message.flush();
          if (update.content.type === 'text') thought.add(update.content.text);
          break;
        case 'tool_call':
        case 'tool_call_update':
          message.flush();
          thought.flush();
          transcript.add(toolEvent(update));
          break;
        case 'plan':
          transcript.add({ type: 'plan', entries: update.entries });
          break;
        default:
          break;
      }
    })
    .connectWith(stream, async (connection) => {
      const { agentCapabilities } = await connection.request(acp.methods.agent.initialize, {
        protocolVersion: 1,
        clientInfo: { name: 'drydock', version: '1' },
        // The agent works inside the sandbox, so it needs no files or terminals of the client.
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      });
      const { sessionId } = await connection.request(acp.methods.agent.session.new, {
        cwd: phase.boot.paths.workspace,
        mcpServers: mcpServersOf(servers, agentCapabilities?.mcpCapabilities?.http === true),
      });
      const said: Remark[] = [];
      const deaf = listen(phase, (remarks) => {
        said.push(...remarks);
        // The turn ends with `cancelled`, and the next one follows; an agent that is gone has no turn.
        if (remarks.some(({ now }) => now))
          void connection.notify(acp.methods.agent.session.cancel, { sessionId }).catch(() => undefined);
      });
      try {
        for (let text = phase.spec.prompt; text !== ''; text = said.length > 0 ? remarkTurn(said.splice(0)) : '') {
          const prompt = [{ type: 'text' as const, text }];
          ({ stopReason } = await connection.request(acp.methods.agent.session.prompt, { sessionId, prompt }));
          message.flush();
        }
      } finally {
        deaf();
      }
    });
  thought.flush();
  message.flush();
  return stopReason;
}

/** @throws AgentUnavailable for a server at a URL, if the agent takes none. */
function mcpServersOf(servers: readonly AgentServer[], http: boolean): acp.McpServer[] {
  return servers.map(({ name, at }) => {
    if ('program' in at) {
      const env = Object.entries(at.env).map(([variable, value]) => ({ name: variable, value }));
      return { name, command: at.program, args: at.args, env };
    }
    if (http) return { type: 'http', name, url: at.url, headers: [] };
    throw new DrydockError('AgentUnavailable', `the agent takes no MCP servers over HTTP, such as ${name}`, {
      remedy: 'Name another agent, or leave the server out of sandbox.mcp.',
    });
  });
}

/** A verb for each kind of tool call in the protocol; a title alone often only names the file. */
const verbs: Partial<Record<string, ToolKind>> = {
  read: 'read',
  edit: 'edit',
  delete: 'delete',
  move: 'move',
  search: 'search',
  execute: 'run',
  fetch: 'fetch',
};

type ToolUpdate = Extract<acp.SessionUpdate, { sessionUpdate: 'tool_call' | 'tool_call_update' }>;

/** A tool call of the protocol, or news of one, in the common form. */
function toolEvent(update: ToolUpdate): Extract<PhaseEvent, { type: 'tool' }> {
  const kind = update.kind ? (verbs[update.kind] ?? 'other') : undefined;
  const given = update.title ?? '';
  const verb = update.kind ? verbs[update.kind] : undefined;
  const title = verb === undefined || given === '' || given.startsWith(`${verb} `) ? given : `${verb} ${given}`;
  const content = update.content ?? [];
  const edits = content.flatMap((part) =>
    part.type === 'diff' ? [{ path: part.path, before: part.oldText ?? '', after: part.newText }] : [],
  );
  const output = content
    .flatMap((part) => (part.type === 'content' && part.content.type === 'text' ? [part.content.text] : []))
    .join('\n');
  const raw = update.rawOutput;
  return {
    type: 'tool',
    id: update.toolCallId,
    title,
    status: update.status ?? 'pending',
    ...(kind === undefined ? {} : { kind }),
    ...(update.rawInput === undefined || update.rawInput === null ? {} : { input: JSON.stringify(update.rawInput) }),
    ...(output === '' ? (typeof raw === 'string' ? { output: raw } : {}) : { output }),
    ...(edits.length === 0 ? {} : { edits }),
  };
}

/** Joins the chunks of a text, so that people read whole sentences. */
function joined(type: 'message' | 'thought', transcript: Transcript): { add(text: string): void; flush(): void } {
  let text = '';
  const flush = (): void => {
    transcript.add({ type, text });
    text = '';
  };
  return {
    add(chunk) {
      text += chunk;
      if (text.length > 16_000) flush();
    },
    flush,
  };
}
