/** Clients and servers of the protocol as they are published, with the gateway between them. */
import { afterEach, describe, expect, test } from 'vitest';
import { secrets } from '../../../unit/gateway/fixture.ts';
import { createKit, document, initialize, list, type McpGateway, request, result } from './kit.ts';

const kit = createKit();
afterEach(() => kit.close());

const everything = async (tools: string[]) => {
  const url = await kit.everything();
  return kit.gateway([{ name: 'docs', url, tools }]);
};

test('a client sees and calls the allowed tools of a real server, and no other', async () => {
  const gateway = await everything(['echo', 'get-sum']);
  const client = await gateway.client('docs');
  expect((await client.listTools()).tools.map(({ name }) => name).sort()).toEqual(['echo', 'get-sum']);
  expect(client.getServerCapabilities()).toEqual({ tools: expect.any(Object) });
  expect(await client.callTool({ name: 'echo', arguments: { message: 'hello' } })).toMatchObject({
    content: [{ type: 'text', text: 'Echo: hello' }],
  });
  await expect(client.callTool({ name: 'get-env', arguments: {} })).rejects.toThrow(/the tool get-env is not allowed/);
  expect(gateway.refusals()).toEqual(['mcp docs: tools/call get-env: the tool get-env is not allowed']);
  expect(gateway.told.find(({ type }) => type === 'refusal')).toMatchObject({
    refusal: { allow: 'mcp: {docs: {tools: [get-env]}}', allowInSpec: 'sandbox: {mcp: [docs]}' },
  });
  expect(gateway.calls()).toMatchObject([
    { kind: 'mcp', title: 'docs: echo', status: 'in_progress', input: '{"message":"hello"}' },
    { kind: 'mcp', title: 'docs: echo', status: 'completed', output: 'Echo: hello', ms: expect.any(Number) },
  ]);
});

test('progress of a long call reaches the client', async () => {
  const gateway = await everything(['trigger-long-running-operation']);
  const client = await gateway.client('docs');
  const seen: number[] = [];
  const done = await client.callTool(
    { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
    undefined,
    { onprogress: ({ progress }) => void seen.push(progress) },
  );
  expect(done.isError).not.toBe(true);
  expect(seen).toEqual([1, 2, 3]);
});

test('a session is ended by its client, and is of no use after that', async () => {
  const gateway = await everything(['echo']);
  const begun = await gateway.ask('docs', initialize());
  const headers = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': '2025-06-18' };
  await gateway.ask('docs', { jsonrpc: '2.0', method: 'notifications/initialized' }, { headers });
  expect((await gateway.ask('docs', list(), { headers })).json.result.tools).toHaveLength(1);
  expect((await gateway.ask('docs', '', { method: 'DELETE', headers })).status).toBe(200);
  expect((await gateway.ask('docs', list(2), { headers })).status).toBe(404);
});

describe.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('version %s', (version) => {
  test('is negotiated by client and server, and each request says it', async () => {
    const gateway = await everything(['echo']);
    const begun = await gateway.ask('docs', initialize(version));
    expect(begun.json.result.protocolVersion).toBe(version);
    const headers = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '', 'mcp-protocol-version': version };
    expect(
      (await gateway.ask('docs', { jsonrpc: '2.0', method: 'notifications/initialized' }, { headers })).status,
    ).toBe(202);
    expect((await gateway.ask('docs', list(), { headers })).json.result.tools).toMatchObject([{ name: 'echo' }]);
  });
});

test('a server without sessions and streams is served, its pages one by one', async () => {
  const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
  const server = await kit.server((asked, response, incoming) => {
    const { method, params } = asked.message ?? {};
    if (asked.method !== 'POST') return document({}, 405)(asked, response, incoming);
    if (method === 'notifications/initialized') return void response.writeHead(202).end();
    if (method === 'initialize')
      return result({
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {}, prompts: {} },
        serverInfo: { name: 's', version: '1' },
      })(asked, response, incoming);
    if (method === 'tools/list')
      return result(
        params.cursor === 'b'
          ? { tools: [tool('drop'), tool('search')] }
          : { tools: [tool('fetch'), tool('Search')], nextCursor: 'b' },
      )(asked, response, incoming);
    return result({ content: [{ type: 'text', text: params.name }] })(asked, response, incoming);
  });
  const gateway = await kit.gateway([{ name: 'docs', url: server.url, tools: ['search', 'fetch'] }]);
  const client = await gateway.client('docs');
  const first = await client.listTools();
  expect([first.tools.map(({ name }) => name), first.nextCursor]).toEqual([['fetch'], 'b']);
  expect((await client.listTools({ cursor: 'b' })).tools.map(({ name }) => name)).toEqual(['search']);
  expect((await client.callTool({ name: 'fetch' })).content).toMatchObject([{ text: 'fetch' }]);
  expect(server.asked.find(({ message }) => message?.method === 'initialize')?.message.params.capabilities).toEqual({});
});

test('a batch passes as one, with the versions that have it', async () => {
  const server = await kit.server((asked, response, incoming) =>
    document(asked.message.map(({ id }: { id: number }) => ({ jsonrpc: '2.0', id, result: { tools: [] } })))(
      asked,
      response,
      incoming,
    ),
  );
  const gateway = await kit.gateway([{ name: 'docs', url: server.url, tools: ['a'] }]);
  const answer = await gateway.ask('docs', [list(1), request(2, 'ping')]);
  expect(answer.json.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
});

/** The pieces of a stream as the agent gets them. */
async function* pieces(gateway: McpGateway, message: object | undefined, stop: AbortSignal): AsyncGenerator<string> {
  const answer = await fetch(`${gateway.url}/mcp/docs`, {
    method: message === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${secrets.agent}`, 'content-type': 'application/json' },
    ...(message === undefined ? {} : { body: JSON.stringify(message) }),
    signal: stop,
  });
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) yield decoder.decode(chunk, { stream: true });
}

test('a message of a stream reaches the agent before the next one is there', async () => {
  const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 5, progress: 1 } };
  const { promise: seen, resolve: see } = Promise.withResolvers<void>();
  const server = await kit.server((_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${JSON.stringify(progress)}\n\n`);
    // The answer comes only when the agent has the progress.
    void seen.then(() => response.end('data: {"jsonrpc":"2.0","id":2,"result":{"content":[]}}\n\n'));
  });
  const gateway = await kit.gateway([{ name: 'docs', url: server.url, tools: ['a'] }]);
  const call = request(2, 'tools/call', { name: 'a', _meta: { progressToken: 5 } });
  let text = '';
  for await (const piece of pieces(gateway, call, new AbortController().signal)) {
    text += piece;
    if (text.includes('notifications/progress')) see();
  }
  expect(text).toContain('"result":{"content":[]}');
});

test('of the messages that nobody asked for, the agent gets that the list of tools changed', async () => {
  const messages = [
    { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'forged' }] } },
    request(9, 'sampling/createMessage'),
    { jsonrpc: '2.0', method: 'notifications/resources/list_changed' },
    { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } },
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { x: 1 } },
  ];
  const server = await kit.server((asked, response) => {
    if (asked.method !== 'GET') return void response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join(''));
  });
  const gateway = await kit.gateway([{ name: 'docs', url: server.url, tools: ['a'] }]);
  const stop = new AbortController();
  let text = '';
  for await (const piece of pieces(gateway, undefined, stop.signal)) {
    text += piece;
    if (text.includes('list_changed')) break;
  }
  stop.abort();
  expect(text).toBe('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
  expect(gateway.refusals()).toEqual([
    'mcp docs: an answer of the server: nothing was asked with its id, or it was answered',
    'mcp docs: a request of the server: sampling/createMessage: servers may not ask the agent for anything',
  ]);
});
