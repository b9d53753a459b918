import type { PhaseEvent } from '../run/phase.ts';
import { type Agent, type AgentServer, type Json, listOf, objectOf, textOf } from './agent.ts';
import { mcpConfiguration } from './mcp-configuration.ts';

/** Its own tools of files and commands. Search and fetch run at the vendor and bypass the gateway. */
const tools = ['Bash', 'Read', 'Edit', 'Write', 'Glob', 'Grep', 'TodoWrite'];

const mcpConfig = '.claude-mcp.json';
/** As it names tools of servers: what its own rule for names does not allow is an underscore. */
const toolsOf = ({ name, tools: own }: AgentServer): string[] =>
  own.map((tool) => `mcp__${name}__${tool.replace(/[^A-Za-z0-9_-]/g, '_')}`);

/** https://docs.claude.com/en/docs/claude-code/cli-reference */
export const claudeCode: Agent = {
  name: 'claude-code',
  title: 'Claude Code',
  program: 'claude',
  licence: { id: 'LicenseRef-Anthropic-Commercial-Terms', kind: 'proprietary' },
  driver: 'command',
  kinds: ['anthropic', 'bedrock'],
  takesMcp: true,
  start: ({ model, base, home, servers }) => ({
    args: [
      ...['-p', '--output-format', 'stream-json', '--verbose', '--permission-mode', 'dontAsk'],
      ...[
        '--tools',
        tools.join(','),
        '--allowedTools',
        [...tools, ...servers.flatMap(toolsOf)].join(' '),
        '--disallowedTools',
        'WebSearch WebFetch',
      ],
      ...[
        '--mcp-config',
        `${home}/${mcpConfig}`,
        '--strict-mcp-config',
        '--setting-sources',
        '',
        '--no-session-persistence',
      ],
      ...(model === undefined ? [] : ['--model', model]),
    ],
    env: {
      ANTHROPIC_BASE_URL: base,
      CLAUDE_CONFIG_DIR: `${home}/.claude`,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      ENABLE_TOOL_SEARCH: 'false',
    },
    files: { [mcpConfig]: mcpConfiguration(servers) },
  }),
  events: (line) => {
    const content = listOf(objectOf(line.message).content);
    if (line.type === 'assistant') return content.flatMap(said);
    if (line.type === 'user') return content.flatMap(returned);
    return [];
  },
};

/** Kinds of its tools. */
const kinds: Readonly<Record<string, 'read' | 'edit' | 'run' | 'search'>> = {
  Bash: 'run',
  Read: 'read',
  Edit: 'edit',
  Write: 'edit',
  Glob: 'search',
  Grep: 'search',
};

function said(block: Json): PhaseEvent[] {
  if (block.type === 'text') return [{ type: 'message', text: textOf(block.text) }];
  if (block.type === 'thinking') return [{ type: 'thought', text: textOf(block.thinking) }];
  if (block.type !== 'tool_use') return [];
  const input = objectOf(block.input);
  const name = textOf(block.name);
  if (name === 'TodoWrite')
    return [
      {
        type: 'plan',
        entries: listOf(input.todos).map((todo) => ({ content: textOf(todo.content), status: textOf(todo.status) })),
      },
    ];
  const kind = kinds[name] ?? (name.startsWith('mcp__') ? 'mcp' : 'other');
  const about = textOf(input.command) || textOf(input.file_path) || textOf(input.pattern) || name;
  return [
    {
      type: 'tool',
      id: textOf(block.id),
      kind,
      title: `${kind} ${about}`,
      status: 'in_progress',
      input: JSON.stringify(input),
      ...(name === 'Edit'
        ? {
            edits: [
              { path: textOf(input.file_path), before: textOf(input.old_string), after: textOf(input.new_string) },
            ],
          }
        : {}),
      ...(name === 'Write'
        ? { edits: [{ path: textOf(input.file_path), before: '', after: textOf(input.content) }] }
        : {}),
    },
  ];
}

function returned(block: Json): PhaseEvent[] {
  if (block.type !== 'tool_result') return [];
  const { content } = block;
  const output =
    typeof content === 'string'
      ? content
      : listOf(content)
          .map(({ text }) => textOf(text))
          .join('\n');
  const status = block.is_error === true ? 'failed' : 'completed';
  return [{ type: 'tool', id: textOf(block.tool_use_id), title: '', status, output }];
}
