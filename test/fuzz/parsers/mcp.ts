import { allowedServer } from '../../../core/mcp/allowed.ts';
import { parseMessage } from '../../../core/mcp/message.ts';
import { mcpReport } from '../../../core/mcp/report.ts';
import { McpSession } from '../../../core/mcp/session.ts';
import { withoutKnownSecrets } from '../../../core/secrets/known-secrets.ts';
import { EventReader } from '../../../gateway/mcp/event-stream.ts';
import { type Parser, textUnits } from '../parser.ts';

const request = (id: unknown, method: string, params: object) => ({ jsonrpc: '2.0', id, method, params });
const tool = { name: 'search', description: 'd', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

/** A session with one allowed tool, which waits for answers to a request of each kind. */
function session(): McpSession {
  const report = mcpReport({
    server: 'docs',
    emit: () => undefined,
    redact: (text) => text,
    refused: () => undefined,
    now: () => 0,
  });
  const made = new McpSession(allowedServer('docs', ['search']), report);
  const begun = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  made.fromClient(request(0, 'initialize', begun));
  made.fromClient(request(1, 'tools/list', {}));
  made.fromClient(request(2, 'tools/call', { name: 'search', _meta: { progressToken: 7 } }));
  return made;
}

/** Names of tools in what passes, wherever they stand. */
const calls = (messages: readonly unknown[]): string[] =>
  messages.flatMap((message) => {
    const { method, params } = message as { method?: string; params?: { name?: string } };
    return method === 'tools/call' ? [params?.name ?? ''] : [];
  });

const fromAgent: Parser['parse'] = (input) => {
  const parsed = parseMessage(input);
  if ('invalid' in parsed) return { valid: false, output: undefined };
  const output = session().fromClient(parsed.value);
  if (calls(output.forward).some((name) => name !== 'search')) throw new Error('a tool passes that is not allowed');
  if (
    output.forward.some(
      (message) =>
        !/^(?:initialize|ping|tools\/|notifications\/(?:init|canc))/.test((message as { method: string }).method),
    )
  )
    throw new Error('a method passes that is not known');
  return { valid: output.forward.length > 0, output };
};

const fromServer: Parser['parse'] = (input) => {
  const parsed = parseMessage(input);
  if ('invalid' in parsed) return { valid: false, output: undefined };
  const output = session().fromServer(parsed.value);
  for (const message of output.toClient) {
    if ('method' in message && 'id' in message) throw new Error('a request of a server passes');
    const { tools = [] } = ('result' in message ? message.result : {}) as { tools?: { name: string }[] };
    if (tools.some(({ name }) => name !== 'search')) throw new Error('a tool is listed that is not allowed');
  }
  return { valid: output.toClient.length > 0, output };
};

export const mcpParsers: Record<string, Parser> = {
  'messages of an agent to an MCP server': {
    parse: fromAgent,
    samples: {
      json: [
        request(5, 'tools/call', { name: 'search', arguments: { q: 'ä€😀' }, _meta: { progressToken: 'p' } }),
        request('5', 'tools/list', { cursor: 'c' }),
        [request(5, 'ping', {}), request(6, 'tools/call', { name: 'search' })],
        request(5, 'initialize', {
          protocolVersion: '2025-11-25',
          clientInfo: { name: 'c', version: '1' },
          capabilities: { roots: {} },
        }),
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2, reason: 'r' } },
        { jsonrpc: '2.0', method: 'notifications/initialized' },
      ],
    },
    grows: [
      ...textUnits(),
      ...textUnits(
        '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"search","arguments":{"a":"',
        '"}}}',
      ),
      { before: '[', unit: '{"jsonrpc":"2.0","id":5,"method":"ping"},', after: '{}]' },
    ],
    outputPerByte: 8,
  },
  'messages of an MCP server': {
    parse: fromServer,
    samples: {
      json: [
        {
          jsonrpc: '2.0',
          id: 2,
          result: {
            content: [
              { type: 'text', text: 'ä€😀' },
              { type: 'image', data: 'AA==', mimeType: 'image/png' },
              { type: 'resource', resource: { uri: 'a:b', text: 't' } },
              { type: 'resource_link', uri: 'a:b', name: 'n' },
            ],
            structuredContent: { a: 1 },
          },
        },
        { jsonrpc: '2.0', id: 1, result: { tools: [tool, { ...tool, name: 'drop' }, tool], nextCursor: 'c' } },
        {
          jsonrpc: '2.0',
          id: 0,
          result: {
            protocolVersion: '2025-06-18',
            capabilities: { tools: { listChanged: true }, prompts: {} },
            serverInfo: { name: 's', version: '1' },
            instructions: 'i',
          },
        },
        { jsonrpc: '2.0', id: 2, error: { code: -1, message: 'm', data: {} } },
        [
          { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 7, progress: 0.5, total: 1 } },
          request(9, 'sampling/createMessage', {}),
        ],
      ],
    },
    grows: [
      ...textUnits(),
      ...textUnits('{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"', '"}]}}'),
      {
        before: '{"jsonrpc":"2.0","id":1,"result":{"tools":[',
        unit: '{"name":"search","inputSchema":{}},',
        after: '{}]}}',
      },
      { before: '{"jsonrpc":"2.0","id":1,"result":{"tools":[', unit: '{"name":"drop"},', after: '{}]}}' },
    ],
    outputPerByte: 8,
  },
  'events of an MCP server': {
    parse(input) {
      const reader = new EventReader(100_000);
      const half = input.length >> 1;
      const events = [...reader.push(input.subarray(0, half)), ...reader.push(input.subarray(half))];
      const output = events.map((event) => event && { id: event.id, retry: event.retry, bytes: event.data.length });
      if (output.some((event) => event?.id !== undefined && !/^[!-~]+$/.test(event.id)))
        throw new Error('an id is not printable');
      return { valid: output.some((event) => event !== undefined && event.bytes > 0), output };
    },
    samples: {
      bytes: [
        'id: 1\nevent: message\ndata: {"a":1}\n\n',
        ': hi\r\nretry: 50\r\ndata: {"a":\r\ndata: 1}\r\n\r\n',
        'event: endpoint\ndata: /x\n\ndata: {}\n\nid: 7\ndata:\n\n',
      ],
    },
    grows: [
      ...textUnits(),
      ...textUnits('data: ', '\n\n'),
      { unit: 'data: a\n' },
      { unit: 'data: a\n\n' },
      { unit: 'id: a\n' },
    ],
    outputPerByte: 12,
  },
  'secrets in a text for a log': {
    parse(input) {
      const output = withoutKnownSecrets(input.toString('utf8'));
      return { valid: output.includes('[redacted]'), output };
    },
    samples: {
      bytes: [
        `token ghp_${'a1B2'.repeat(10)} end`,
        `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END RSA PRIVATE KEY-----\n`,
        'https://user:password1@example.com/x',
      ],
    },
    grows: [
      ...textUnits(),
      { unit: '-----BEGIN PRIVATE KEY-----\n' },
      { unit: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' },
      { before: '-----BEGIN PRIVATE KEY-----\n', unit: 'A' },
      { unit: '://a:b' },
    ],
    outputPerByte: 4,
  },
};
