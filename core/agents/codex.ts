import type { PhaseEvent } from '../run/phase.ts';
import { type Agent, type AgentServer, isJson, type Json, listOf, objectOf, textOf } from './agent.ts';

const text = (value: string): string => JSON.stringify(value); // a basic string of TOML

/**
 * The model provider is one of Drydock's own, so that nothing is asked of the vendor besides. Plugins, apps and search run
 * at the vendor and bypass the gateway. The sandbox is Drydock's.
 * Source: https://developers.openai.com/codex/config-reference
 */
const config = (model: string | undefined, base: string, servers: readonly AgentServer[]): string =>
  [
    ...(model === undefined ? [] : [`model = ${text(model)}`]),
    'model_provider = "drydock"',
    'approval_policy = "never"',
    'sandbox_mode = "danger-full-access"',
    'web_search = "disabled"',
    'check_for_update_on_startup = false',
    '[features]',
    'plugins = false',
    'apps = false',
    '[analytics]',
    'enabled = false',
    '[otel]',
    'exporter = "none"',
    '[model_providers.drydock]',
    'name = "Drydock"',
    `base_url = ${text(`${base}/v1`)}`,
    'wire_api = "responses"',
    'env_key = "DRYDOCK_KEY"',
    ...servers.flatMap(serverTable),
    '',
  ].join('\n');

/** https://developers.openai.com/codex/mcp */
const serverTable = ({ name, tools, at }: AgentServer): string[] => [
  `[mcp_servers.${name}]`,
  ...('url' in at
    ? [`url = ${text(at.url)}`]
    : [
        `command = ${text(at.program)}`,
        `args = [${at.args.map(text).join(', ')}]`,
        `env = { ${Object.entries(at.env)
          .map(([variable, value]) => `${variable} = ${text(value)}`)
          .join(', ')} }`,
      ]),
  `enabled_tools = [${tools.map(text).join(', ')}]`,
  'default_tools_approval_mode = "approve"',
  'startup_timeout_sec = 60',
  'tool_timeout_sec = 900',
];

export const codex: Agent = {
  name: 'codex',
  title: 'Codex',
  program: 'codex',
  licence: { id: 'Apache-2.0', kind: 'open' },
  driver: 'command',
  kinds: ['openai'],
  takesMcp: true,
  start: ({ model, base, home, servers }) => ({
    args: ['exec', '--json', '--ephemeral', '--skip-git-repo-check', '-'],
    env: { CODEX_HOME: `${home}/.codex` },
    files: { '.codex/config.toml': config(model, base, servers) },
  }),
  events: (line) => {
    const item = objectOf(line.item);
    const status = line.type === 'item.completed' ? 'completed' : 'in_progress';
    if (line.type === 'error') return [{ type: 'message', text: textOf(line.message) }];
    return isJson(line.item) ? itemEvents(item, status) : [];
  },
};

function itemEvents(item: Json, status: string): PhaseEvent[] {
  const id = textOf(item.id);
  const done = status === 'completed';
  switch (item.type) {
    case 'agent_message':
      return done ? [{ type: 'message', text: textOf(item.text) }] : [];
    case 'reasoning':
      return done ? [{ type: 'thought', text: textOf(item.text) }] : [];
    case 'command_execution': {
      const exitCode = typeof item.exit_code === 'number' ? item.exit_code : undefined;
      return [
        {
          type: 'tool',
          id,
          kind: 'run',
          title: `run ${textOf(item.command)}`,
          status: textOf(item.status) || status,
          input: textOf(item.command),
          ...(done ? { output: textOf(item.aggregated_output) } : {}),
          ...(exitCode === undefined ? {} : { exitCode }),
        },
      ];
    }
    case 'file_change': {
      const paths = listOf(item.changes).map(({ path, kind }) => `${textOf(kind)} ${textOf(path)}`);
      return [
        { type: 'tool', id, kind: 'edit', title: `edit ${paths.join(', ')}`, status: textOf(item.status) || status },
      ];
    }
    case 'mcp_tool_call':
      return [
        {
          type: 'tool',
          id,
          kind: 'mcp',
          title: `${textOf(item.server)}: ${textOf(item.tool)}`,
          status: textOf(item.status) || status,
          input: JSON.stringify(item.arguments ?? {}),
          ...(done ? { output: JSON.stringify(item.result ?? item.error ?? '') } : {}),
        },
      ];
    case 'todo_list':
      return [
        {
          type: 'plan',
          entries: listOf(item.items).map((entry) => ({
            content: textOf(entry.text),
            status: entry.completed === true ? 'completed' : 'pending',
          })),
        },
      ];
    default:
      return [];
  }
}
