/** What an agent tries with the MCP servers of its phase: `docs` at the gateway with the tool `search`, `lint` in the sandbox with `run`. */
import type { Attempt } from './attempts.ts';

/** The credential of `docs`, and a server that the policy has and the phase has not. */
export const credentialOfDocs = 'sesame-open-9000';

/** What each attempt may use besides. */
export const mcpPrelude = `
const servers = JSON.parse(fs.readFileSync(process.env.DRYDOCK_MCP_CONFIG, 'utf8')).mcpServers;
const rpc = (name, message, headers = {}, method = 'POST') => get(method, '/mcp/' + name, { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }, method === 'POST' ? (typeof message === 'string' ? message : JSON.stringify(message)) : undefined);
const ask = (method, params = {}, id = 1) => ({ jsonrpc: '2.0', id, method, params });
const tool = (name) => ask('tools/call', { name });
const bridge = (name, lines, env = servers.lint.env) => new Promise((done) => {
  const [program, port] = servers.lint.args;
  const child = spawn(servers.lint.command, [program, port, name], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  let seen = ''; child.stdout.on('data', (d) => { seen += d; child.stdin.end(); }); child.on('close', () => done(seen)); child.stdin.on('error', () => {});
  child.stdin.write(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\\n').join(''));
});
`;

const notAllowed = /is not allowed/;
const refused = /refused by Drydock/;
const notFound = /403|404/;

/** Texts that some reader could take for the name of a tool. */
const names = [
  'drop',
  'Search',
  'SEARCH',
  'search ',
  'search\\u0000',
  'search\\u200b',
  '\\u0455earch',
  'search/../drop',
  '../drop',
  'search,drop',
  '*',
  '',
  '__proto__',
];

export const mcpAttempts: Attempt[] = [
  ...names.map(
    (name): Attempt => ({
      name: `calls the tool "${name}" of a server of the gateway`,
      tries: `return (await rpc('docs', tool("${name}"))).body`,
      held: notAllowed,
    }),
  ),
  ...['drop', 'Run', 'run ', 'fix', 'run\\u200b'].map(
    (name): Attempt => ({
      name: `calls the tool "${name}" of a server of the sandbox`,
      tries: `return await bridge('lint', [tool("${name}")])`,
      held: notAllowed,
    }),
  ),
  ...[
    'resources/read',
    'resources/list',
    'prompts/get',
    'completion/complete',
    'logging/setLevel',
    'sampling/createMessage',
    'roots/list',
    'tasks/result',
    'server/x',
    'tools/Call',
    'tools/call ',
  ].map(
    (method): Attempt => ({
      name: `asks a server for ${JSON.stringify(method)}`,
      tries: `return (await rpc('docs', ask('${method}', { name: 'drop', uri: 'file:///etc/passwd' }))).body`,
      held: refused,
    }),
  ),
  ...[
    'other',
    'lint',
    'drydock',
    'docs/../other',
    'docs%2f..%2fother',
    '..%2fmodel',
    'docs/',
    'docs/x',
    'Docs',
    'docs%00',
    '__proto__',
    'constructor',
  ].map(
    (name): Attempt => ({
      name: `asks for the server at /mcp/${name}`,
      tries: `const { status, body } = await rpc('${name}', tool('search')); return status + ' ' + body`,
      held: notFound,
    }),
  ),
  {
    name: 'hides a call in a batch',
    tries: "return (await rpc('docs', [ask('tools/list'), { ...tool('drop'), id: 2 }])).body",
    held: refused,
  },
  {
    name: 'hides a call behind a second document',
    tries: "return (await rpc('docs', JSON.stringify(ask('tools/list')) + JSON.stringify(tool('drop')))).status",
    held: 400,
  },
  {
    name: 'names a method twice',
    tries: `return (await rpc('docs', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"drop"}}')).body`,
    held: notAllowed,
  },
  {
    name: 'names a tool twice',
    tries: `return (await rpc('docs', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","name":"drop"}}')).body`,
    held: notAllowed,
  },
  {
    name: 'names a tool in another field',
    tries: `return (await rpc('docs', { ...tool('search'), tool: 'drop' })).status`,
    held: 400,
  },
  {
    name: 'begins a session of its own',
    tries: "return (await rpc('docs', tool('search'), { 'mcp-session-id': 'mine' })).status",
    held: 404,
  },
  {
    name: 'sends a header through',
    tries:
      "return (await rpc('docs', tool('search'), { 'x-key': 'mine', 'x-echo': 'drop', cookie: 'a=b', forwarded: 'for=1.2.3.4' })).body",
    held: /found by gateway/,
  },
  {
    name: 'answers a request of a server',
    tries: "return (await rpc('docs', { jsonrpc: '2.0', id: 1, result: { roots: [{ uri: 'file:///' }] } })).status",
    held: 202,
  },
  {
    name: 'asks with the method of a proxy',
    tries:
      "return (await raw('POST http://docs.example/mcp HTTP/1.1\\r\\nHost: docs.example\\r\\nContent-Length: 0\\r\\n\\r\\n'))",
    held: /403/,
  },
  {
    name: 'finds the credential in the answer of a server',
    tries: "return (await rpc('docs', tool('search'))).body",
    held: (body: string) => body.includes('[redacted]') && !body.includes(credentialOfDocs),
  },
  {
    name: 'finds the credential in its environment, its home and the files of servers',
    tries: `return sh('env; cat -r /proc/self/environ; grep -r ${credentialOfDocs.slice(0, 6)}- "$HOME" /agent /tmp /out').out.includes('${credentialOfDocs}')`,
    held: false,
  },
  {
    name: 'finds the address of the server',
    tries: 'return servers.docs.url',
    held: 'http://127.0.0.1:8787/mcp/docs',
  },
  {
    name: 'connects to a server without the secret',
    tries: "return await bridge('lint', [ask('ping')], {})",
    held: '',
  },
  {
    name: 'connects to a server with a guessed secret',
    tries: "return await bridge('lint', [ask('ping')], { DRYDOCK_MCP: 'x'.repeat(48) })",
    held: '',
  },
  { name: 'connects to a server that it has not', tries: "return await bridge('other', [ask('ping')])", held: '' },
  {
    name: 'hands a plan in while it builds',
    tries:
      "return await bridge('drydock', [ask('tools/call', { name: 'submit_plan', arguments: { phases: [{ name: 'x' }] } })])",
    held: notAllowed,
  },
  {
    name: 'hands in a question of another form',
    tries:
      "return await bridge('drydock', [ask('tools/call', { name: 'ask_human', arguments: { question: '', to: 'root' } })])",
    held: /arguments are invalid/,
  },
  {
    name: 'sends its server a message of 8 MB',
    tries: "return await bridge('lint', [ask('ping', { x: 'x'.repeat(8e6) })])",
    held: '',
  },
  {
    name: 'stores an event with the secret of the agent',
    tries:
      "return (await get('POST', '/events', {}, JSON.stringify({ type: 'tool', id: 'mcp/docs/9', title: 'docs: search', status: 'completed' }))).status",
    held: 403,
  },
];
