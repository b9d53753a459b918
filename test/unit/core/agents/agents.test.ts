import { describe, expect, test } from 'vitest';
import type { AgentServer } from '../../../../core/agents/agent.ts';
import { agents } from '../../../../core/agents/agents.ts';
import { type AgentName, agentNames } from '../../../../core/agents/names.ts';
import type { PhaseEvent } from '../../../../core/run/phase.ts';
import { Transcript } from '../../../../sandbox/agents/transcript.ts';

const context = {
  ...{
    model: 'model-1',
    provider: 'acme',
    base: 'http://127.0.0.1:9/model/acme',
    key: 'key-of-the-phase',
    home: '/home/agent',
  },
};

const servers: AgentServer[] = [
  { name: 'docs', tools: ['search', 'a.b'], at: { url: 'http://127.0.0.1:9/mcp/docs' } },
  { name: 'lint', tools: ['run'], at: { program: '/opt/node', args: ['/home/mcp.cjs', '7', 'lint'], env: { K: 's' } } },
];

describe('MCP servers in the configuration of an agent', () => {
  const started = (name: AgentName) => agents[name].start({ ...context, kind: agents[name].kinds[0], servers });
  const [docs, lint] = ['http://127.0.0.1:9/mcp/docs', ['/home/mcp.cjs', '7', 'lint']];

  test('codex', () => {
    const toml = started('codex').files['.codex/config.toml'];
    expect(toml).toContain(`[mcp_servers.docs]\nurl = "${docs}"\nenabled_tools = ["search", "a.b"]\n`);
    const program = 'command = "/opt/node"\nargs = ["/home/mcp.cjs", "7", "lint"]\nenv = { K = "s" }\n';
    expect(toml).toContain(`[mcp_servers.lint]\n${program}enabled_tools = ["run"]\n`);
  });

  test.each<[AgentName, string, object]>([
    [
      'gemini',
      '.gemini/settings.json',
      {
        mcpServers: {
          docs: { httpUrl: docs, includeTools: ['search', 'a.b'], trust: true },
          lint: { command: '/opt/node', args: lint, env: { K: 's' }, includeTools: ['run'] },
        },
      },
    ],
    [
      'opencode',
      '.opencode.json',
      {
        mcp: {
          docs: { type: 'remote', url: docs, oauth: false },
          lint: { type: 'local', command: ['/opt/node', ...lint], environment: { K: 's' } },
        },
      },
    ],
    [
      'claude-code',
      '.claude-mcp.json',
      {
        mcpServers: { docs: { type: 'http', url: docs }, lint: { command: '/opt/node', args: lint, env: { K: 's' } } },
      },
    ],
    [
      'copilot',
      '.copilot-mcp.json',
      {
        mcpServers: {
          docs: { type: 'http', url: docs, tools: ['search', 'a.b'] },
          lint: { type: 'local', command: '/opt/node', tools: ['run'] },
        },
      },
    ],
  ])('%s', (name, file, expected) => {
    const { files, args } = started(name);
    expect(JSON.parse(files[file] ?? '')).toMatchObject(expected);
    expect(args.join(' ')).not.toContain('"s"');
  });

  test('Claude Code is told the names of the tools, and reads no other configuration', () => {
    const { args } = started('claude-code');
    expect(args).toEqual(
      expect.arrayContaining(['--mcp-config', '/home/agent/.claude-mcp.json', '--strict-mcp-config']),
    );
    expect(args[args.indexOf('--allowedTools') + 1]).toMatch(/ mcp__docs__search mcp__docs__a_b mcp__lint__run$/);
  });

  test('copilot is told the file', () => expect(started('copilot').args).toContain('@/home/agent/.copilot-mcp.json'));
});

describe.each(agentNames)('%s', (name) => {
  const agent = agents[name];
  test.each(
    agent.kinds,
  )('with the interface of %s: the gateway is its only address, and no argument holds the key', (kind) => {
    const { args, env, files } = agent.start({ ...context, kind, servers });
    const text = JSON.stringify([args, env, files]);
    expect(text).toContain(context.base);
    expect(text.match(/https?:\/\/[^"\\/]+/g)?.filter((url) => !url.startsWith('http://127.0.0.1'))).toSatisfy(
      (urls: string[] | undefined) => (urls ?? []).every((url) => url === 'https://opencode.ai'), // the schema of its file
    );
    expect(args.join(' ')).not.toContain(context.key);
    expect(text).toContain('model-1');
    for (const path of Object.keys(files)) expect(path).toMatch(/^\.[\w./-]+$/);
  });
});

const read = (name: 'codex' | 'claude-code' | 'pi', ...lines: object[]): PhaseEvent[] => {
  const out: PhaseEvent[] = [];
  const transcript = new Transcript((event) => out.push(event), 'the-secret');
  for (const line of lines)
    for (const event of agents[name].events?.(line as Record<string, unknown>) ?? []) transcript.add(event);
  return out;
};

describe('what an agent did, in one form', () => {
  const expected = [
    { type: 'thought', text: 'hm' },
    { type: 'message', text: 'I run it.' },
    { type: 'tool', id: 'c1', kind: 'run', title: 'run npm test', status: 'in_progress' },
    { type: 'tool', id: 'c1', kind: 'run', title: 'run npm test', status: 'completed', output: 'ok [redacted]' },
  ];
  test.each<['codex' | 'claude-code' | 'pi', object[]]>([
    [
      'codex',
      [
        { type: 'item.completed', item: { id: 'r', type: 'reasoning', text: 'hm' } },
        { type: 'item.completed', item: { id: 'm', type: 'agent_message', text: 'I run it.' } },
        {
          type: 'item.started',
          item: { id: 'c1', type: 'command_execution', command: 'npm test', status: 'in_progress' },
        },
        {
          type: 'item.completed',
          item: {
            id: 'c1',
            type: 'command_execution',
            command: 'npm test',
            aggregated_output: 'ok the-secret',
            exit_code: 0,
            status: 'completed',
          },
        },
      ],
    ],
    [
      'claude-code',
      [
        {
          type: 'assistant',
          message: {
            content: [
              { type: 'thinking', thinking: 'hm' },
              { type: 'text', text: 'I run it.' },
            ],
          },
        },
        {
          type: 'assistant',
          message: { content: [{ type: 'tool_use', id: 'c1', name: 'Bash', input: { command: 'npm test' } }] },
        },
        { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'ok the-secret' }] } },
      ],
    ],
    [
      'pi',
      [
        {
          type: 'message_end',
          message: {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm' },
              { type: 'text', text: 'I run it.' },
            ],
          },
        },
        { type: 'tool_execution_start', toolCallId: 'c1', toolName: 'bash', args: { command: 'npm test' } },
        {
          type: 'tool_execution_end',
          toolCallId: 'c1',
          result: { content: [{ type: 'text', text: 'ok the-secret' }] },
          isError: false,
        },
      ],
    ],
  ])('%s', (name, lines) => {
    const events = read(name, ...lines);
    expect(events).toMatchObject(expected);
    expect(events.at(-1)).toMatchObject({ ms: expect.any(Number) });
  });

  test('texts are cut in their middle, because the reason of a failure stands at the end', () => {
    const output = `begin${'x'.repeat(20_000)}end`;
    const item = {
      id: 'c',
      type: 'command_execution',
      command: 'x',
      aggregated_output: output,
      exit_code: 1,
      status: 'failed',
    };
    const [event] = read('codex', { type: 'item.completed', item });
    expect(event).toMatchObject({ exitCode: 1, output: expect.stringMatching(/^begin[\s\S]{7900,7992}end$/) });
  });

  test.each([
    {},
    { type: 1 },
    { item: null },
    { item: { type: {} } },
    { message: { content: 'x' } },
    { message: [] },
    { result: 5, type: 'tool_execution_end' },
  ])('a line that is not of the form tells nothing that throws: %j', (line) => {
    for (const name of ['codex', 'claude-code', 'pi'] as const) expect(() => read(name, line)).not.toThrow();
  });
});
