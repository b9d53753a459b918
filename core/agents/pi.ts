import type { ProviderKind } from '../models/endpoint.ts';
import type { PhaseEvent } from '../run/phase.ts';
import { type Agent, type Json, listOf, objectOf, textOf } from './agent.ts';

const interfaces: Readonly<Partial<Record<ProviderKind, string>>> = {
  anthropic: 'anthropic-messages',
  bedrock: 'anthropic-messages',
  google: 'google-generative-ai',
  vertex: 'google-generative-ai',
};
const suffixes: Readonly<Partial<Record<ProviderKind, string>>> = {
  anthropic: '',
  bedrock: '',
  google: '/v1beta',
  vertex: '/v1beta',
};

/** https://github.com/badlogic/pi-mono/blob/main/packages/coding-agent/README.md */
export const pi: Agent = {
  name: 'pi',
  title: 'pi',
  program: 'pi',
  licence: { id: 'MIT', kind: 'open' },
  driver: 'command',
  kinds: ['openai', 'anthropic', 'google', 'bedrock', 'vertex'],
  takesMcp: false,
  start: ({ model = 'model', base, kind, home }) => ({
    args: [
      ...['-p', '--mode', 'json', '--no-session', '--provider', 'drydock', '--model', model],
      ...['--tools', 'read,bash,edit,write', '--no-extensions', '--no-skills', '--no-prompt-templates'],
    ],
    env: { PI_CODING_AGENT_DIR: `${home}/.pi/agent`, PI_OFFLINE: '1', PI_TELEMETRY: '0', PI_SKIP_VERSION_CHECK: '1' },
    files: {
      '.pi/agent/models.json': `${JSON.stringify(
        {
          providers: {
            drydock: {
              baseUrl: `${base}${suffixes[kind] ?? '/v1'}`,
              apiKey: 'DRYDOCK_KEY',
              api: interfaces[kind] ?? 'openai-completions',
              models: [
                {
                  ...{ id: model, name: model, reasoning: false, input: ['text'] },
                  ...{
                    contextWindow: 200_000,
                    maxTokens: 32_000,
                    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
                  },
                },
              ],
            },
          },
        },
        null,
        2,
      )}\n`,
    },
  }),
  events: (line) => {
    if (line.type === 'message_end') return messageEvents(objectOf(line.message));
    if (line.type === 'tool_execution_start') {
      const args = objectOf(line.args);
      const kind = kinds[textOf(line.toolName)] ?? 'other';
      const about = textOf(args.command) || textOf(args.path) || textOf(line.toolName);
      return [
        {
          type: 'tool',
          id: textOf(line.toolCallId),
          kind,
          title: `${kind} ${about}`,
          status: 'in_progress',
          input: JSON.stringify(args),
        },
      ];
    }
    if (line.type === 'tool_execution_end') {
      const output = listOf(objectOf(line.result).content)
        .map(({ text }) => textOf(text))
        .join('\n');
      const status = line.isError === true ? 'failed' : 'completed';
      return [{ type: 'tool', id: textOf(line.toolCallId), title: '', status, output }];
    }
    return [];
  },
};

const kinds: Readonly<Record<string, 'read' | 'edit' | 'run'>> = {
  read: 'read',
  bash: 'run',
  edit: 'edit',
  write: 'edit',
};

function messageEvents(message: Json): PhaseEvent[] {
  if (message.role !== 'assistant') return [];
  return listOf(message.content).flatMap((part): PhaseEvent[] => {
    if (part.type === 'text') return [{ type: 'message', text: textOf(part.text) }];
    if (part.type === 'thinking') return [{ type: 'thought', text: textOf(part.thinking) }];
    return [];
  });
}
