import { PassThrough, Readable, Writable } from 'node:stream';
import * as acp from '@agentclientprotocol/sdk';
import { DrydockError } from '../../core/errors.ts';
import type { PhaseEvent } from '../../core/run/phase.ts';
import { agentEnvironment, promptFileIn } from '../runner/commands/environment.ts';
import { inside, type Phase } from '../runner/phase.ts';
import type { AgentDriver, AgentEnd } from './driver.ts';
import { homeFiles } from './homes.ts';
import { agentCommand } from './program.ts';

/** Time in milliseconds for an agent to exit after its session, before its namespace is ended. */
const stopMs = 2_000;

/**
 * Drives any agent that speaks the Agent Client Protocol, version 1, over its standard streams. The sandbox limits what
 * the agent can do, so every permission request is granted once; the gateway limits the cost.
 */
export const acpAgent: AgentDriver = async (phase) => {
  const agent = phase.spec.agent;
  if (agent === null) throw new DrydockError('Internal', 'the phase has no agent');
  const input = new PassThrough();
  let session: Promise<string> = Promise.resolve('');
  const command = {
    argv: agentCommand(phase, agent),
    env: { ...agentEnvironment(phase, promptFileIn(phase.boot.paths.home)), GEMINI_CLI_NO_RELAUNCH: '1' },
    stdin: input,
    stdout: async (output: Readable) => {
      session = converse(phase, input, output);
      // The streams end with the agent, and pending requests then fail, which also reports its crash.
      await session.catch(() => undefined);
      input.end();
      output.resume();
      setTimeout(() => output.destroy(), stopMs).unref();
    },
  };
  const end = await inside(phase, 'agent', command, homeFiles(agent));
  const common = { ms: end.ms, timedOut: end.timedOut, output: end.output };
  try {
    const stopReason = await session;
    const exitCode = stopReason === 'end_turn' ? 0 : 1;
    return { exitCode, stopReason, ...common } satisfies AgentEnd;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      exitCode: end.exitCode === 0 ? 1 : end.exitCode,
      stopReason: message.slice(0, 500),
      ...common,
      output: `${message}\n${end.output}`,
    };
  }
};

/** Runs one session with one prompt. Resolves with the agent's stop reason, which is telemetry. */
async function converse(phase: Phase, input: Writable, output: Readable): Promise<string> {
  const emit = (event: PhaseEvent): void => phase.gateway.emit(event);
  const message = messages(emit);
  const titles = new Map<string, string>();
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
          if (update.content.type === 'text') message.add(update.content.text);
          break;
        case 'tool_call':
        case 'tool_call_update': {
          message.flush();
          const given = update.title ?? titles.get(update.toolCallId) ?? update.toolCallId;
          const verb = update.kind ? verbs[update.kind] : undefined;
          const title = verb === undefined || given.startsWith(`${verb} `) ? given : `${verb} ${given}`;
          titles.set(update.toolCallId, title);
          emit({ type: 'tool', id: update.toolCallId, title: title.slice(0, 500), status: update.status ?? 'pending' });
          break;
        }
        case 'plan':
          emit({
            type: 'plan',
            entries: update.entries
              .slice(0, 100)
              .map((entry) => ({ content: entry.content.slice(0, 1_000), status: entry.status })),
          });
          break;
        default:
          break;
      }
    })
    .connectWith(stream, async (connection) => {
      await connection.request(acp.methods.agent.initialize, {
        protocolVersion: 1,
        clientInfo: { name: 'drydock', version: '1' },
        // The agent works inside the sandbox, so it needs no files or terminals of the client.
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      });
      const { sessionId } = await connection.request(acp.methods.agent.session.new, {
        cwd: phase.boot.paths.workspace,
        mcpServers: [],
      });
      const answer = await connection.request(acp.methods.agent.session.prompt, {
        sessionId,
        prompt: [{ type: 'text', text: phase.spec.prompt }],
      });
      stopReason = answer.stopReason;
    });
  message.flush();
  return stopReason;
}

/** A verb for each kind of tool call in the protocol; a title alone often only names the file. */
const verbs: Partial<Record<string, string>> = {
  read: 'read',
  edit: 'edit',
  delete: 'delete',
  move: 'move',
  search: 'search',
  execute: 'run',
  fetch: 'fetch',
};

/** Joins the chunks of a message, so that people read whole sentences. */
function messages(emit: (event: PhaseEvent) => void): { add(text: string): void; flush(): void } {
  let text = '';
  const flush = (): void => {
    if (text.trim() !== '') emit({ type: 'message', text: text.trim().slice(0, 20_000) });
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
