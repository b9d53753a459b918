/** MCP servers of a phase: those that run in the sandbox, Drydock's own, and the gateway's, as an agent has them. */
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { SandboxServer } from '../../../../core/mcp/server.ts';
import type { PhaseSpec } from '../../../../core/run/phase.ts';
import { makeJob, makeWorld, project, runJob, type World } from '../phase-fixtures.ts';
import { changeOf } from '../phase-runner-contract.ts';
import { askingAgent, type Step, serverFile } from './agent.ts';
import { call, createKit, initialize, list, request, result } from './kit.ts';

const worlds: World[] = [];
const kit = createKit();
afterEach(() => kit.close());
afterAll(() => {
  for (const one of worlds) one.remove();
});

interface Setting {
  steps: Step[];
  mcp?: SandboxServer[];
  files?: Record<string, string>;
  phase?: PhaseSpec['phase'];
  more?: string;
}

async function asked({ steps, mcp = [], files = {}, phase = 'build', more }: Setting, job = {}) {
  const w = makeWorld(project, { 'agent.mjs': askingAgent(steps, more), ...files });
  worlds.push(w);
  const agent = makeJob(w).spec.agent;
  const plans = agent && { ...agent, plans: true };
  return runJob(w, makeJob(w, { ...job, spec: { mcp, phase, agent: plans } }));
}
// biome-ignore lint/suspicious/noExplicitAny: tests read fields of it
const left = (end: Awaited<ReturnType<typeof asked>>): any => JSON.parse(changeOf(end).content('answers.json'));
const tools = (end: Awaited<ReturnType<typeof asked>>) =>
  end.events.flatMap((event) => (event.type === 'tool' ? [event] : []));
const logOf = (end: Awaited<ReturnType<typeof asked>>): string =>
  end.events.map((event) => (event.type === 'log' ? `${event.source}: ${event.text}` : '')).join('');

const begun: object[] = [initialize('2025-11-25'), { jsonrpc: '2.0', method: 'notifications/initialized' }];
const steps = (server: string, ...messages: object[]): Step[] => [...begun, ...messages].map((each) => [server, each]);

describe('servers that run in the sandbox', () => {
  test.each<['everything' | 'filesystem' | 'memory', string[], [string, object, RegExp], [string, object]]>([
    ['everything', [], ['echo', { message: 'hi' }, /Echo: hi/], ['get-env', {}]],
    [
      'filesystem',
      ['/workspace'],
      ['read_text_file', { path: '/workspace/greet.mjs' }, /hello/],
      ['write_file', { path: '/workspace/x', content: 'x' }],
    ],
    ['memory', [], ['read_graph', {}, /entities/], ['create_entities', { entities: [] }]],
  ])('%s: only allowed tools are seen and called, and each call is told', async (name, args, [
    allowed,
    input,
    expected,
  ], [other, otherInput]) => {
    const end = await asked({
      steps: steps(name, list(1), call(allowed, 2, input), call(other, 3, otherInput)),
      mcp: [{ name, tools: [allowed], command: ['node', `/agent/${name}.mjs`, ...args] }],
      files: { [`${name}.mjs`]: await serverFile(name) },
    });
    expect(end.result).toMatchObject({ outcome: 'built' });
    const { answers } = left(end);
    expect(answers[0].result).toMatchObject({ protocolVersion: '2025-11-25', capabilities: { tools: {} } });
    expect(answers[2].result.tools.map((tool: { name: string }) => tool.name)).toEqual([allowed]);
    expect(JSON.stringify(answers[3].result.content)).toMatch(expected);
    expect(answers[4].error.message).toBe(`refused by Drydock: ${name}: the tool ${other} is not allowed`);
    expect(tools(end)).toMatchObject([
      {
        id: `mcp/${name}/1`,
        kind: 'mcp',
        title: `${name}: ${allowed}`,
        status: 'in_progress',
        input: JSON.stringify(input),
      },
      { id: `mcp/${name}/1`, status: 'completed', output: expect.stringMatching(expected), ms: expect.any(Number) },
    ]);
    expect(logOf(end)).toContain(`mcp ${name}: refused: tools/call ${other}: the tool ${other} is not allowed`);
  });

  test('a server has not the key of the agent, and works in the tree', async () => {
    const server = `
      import { writeFileSync } from 'node:fs';
      writeFileSync('/workspace/made.json', JSON.stringify({ env: process.env, cwd: process.cwd() }));
      process.stdin.on('data', (line) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: {} }) + '\\n'));`;
    const end = await asked({
      steps: [['own', request(1, 'ping')]],
      mcp: [{ name: 'own', tools: ['a'], command: ['node', '/agent/own.mjs'] }],
      files: { 'own.mjs': server },
    });
    const made = JSON.parse(changeOf(end).content('made.json'));
    expect(made.cwd).toBe('/workspace');
    expect(Object.keys(made.env)).not.toEqual(expect.arrayContaining(['DRYDOCK_KEY']));
    expect(JSON.stringify(made.env)).not.toContain(left(end).environment.DRYDOCK_KEY);
  });

  test.each<[string, string, RegExp, string?]>([
    ['prints something else', "console.log('listening on 3000');", /the messages of the server: a message is invalid/],
    ['prints 50 MB in one line', "process.stdout.write('x'.repeat(50e6) + '\\n');", /has more than 4194304 bytes/],
    ['ends at once', '', /^$/],
    ['is no program', '', /^$/, 'no-such-program'],
  ])('a server that %s ends its connection and not the phase', async (_, program, named, command = 'node') => {
    const end = await asked({
      steps: [
        ['own', list(1)],
        ['drydock', request(1, 'ping')],
      ],
      mcp: [{ name: 'own', tools: ['a'], command: [command, '/agent/own.mjs'] }],
      files: { 'own.mjs': program },
    });
    expect(left(end).answers).toEqual(['ended', { jsonrpc: '2.0', id: 1, result: {} }]);
    expect(logOf(end)).toMatch(new RegExp(named, 'm'));
  });
});

describe("Drydock's own server", () => {
  test.each<[PhaseSpec['phase'], string[]]>([
    ['plan', ['submit_plan', 'ask_human', 'report_progress']],
    ['build', ['ask_human', 'reach_checkpoint', 'report_progress']],
  ])('has the tools of the phase %s', async (phase, names) => {
    const more =
      "process.on('exit', () => writeFileSync(process.env.DRYDOCK_OUT + '/handoff.md', JSON.stringify(answers)));";
    const end = await asked({
      steps: steps('drydock', list(1)),
      phase,
      more: `var answers; ${more}`.replace('var answers; ', ''),
    });
    const [, , listed] = JSON.parse(end.result?.handoff ?? '[]');
    expect(listed.result.tools.map((tool: { name: string }) => tool.name)).toEqual(names);
    for (const { inputSchema, description } of listed.result.tools) {
      expect(inputSchema).toMatchObject({ type: 'object', properties: expect.any(Object) });
      expect(description).toMatch(/\.$/);
    }
  });

  test('a plan that is invalid is answered with its faults, and a valid one is the plan of the phase', async () => {
    const plan = { summary: 'Greet', phases: [{ name: 'greet', files: ['greet.mjs'], steps: ['write it'] }] };
    const end = await asked({
      steps: steps('drydock', call('submit_plan', 2, { summary: 'x', phases: [] }), call('submit_plan', 3, plan)),
      phase: 'plan',
      more: "process.on('exit', () => writeFileSync(process.env.DRYDOCK_OUT + '/handoff.md', JSON.stringify(answers)));",
    });
    const answers = JSON.parse(end.result?.handoff ?? '[]');
    expect([answers[2].result.isError, answers[2].result.content[0].text]).toEqual([
      true,
      expect.stringContaining('phases'),
    ]);
    expect(answers[3].result.isError).toBe(false);
    expect(end.result?.outcome).toBe('planned');
    expect(JSON.parse(end.result?.plan ?? '')).toMatchObject(plan);
  });

  const part = (id: string) => ({ id, title: id, instructions: `Do ${id}.`, target_paths: [`${id}/**`] });
  test.each<[PhaseSpec['phase'], object, object]>([
    ['draft', { advice: { do_it_yourself: true, reason: 'It is one line.' } }, { advice: { reason: 'No flag.' } }],
    [
      'learn',
      { new: [{ slug: 'names', applies_to: ['src/**'], text: 'Names are short.' }] },
      { new: [{ slug: 'A B' }] },
    ],
    [
      'review',
      {
        summary: 'Read.',
        findings: [{ severity: 'blocking', path: 'greet.mjs', line: 1, message: 'Says too little.' }],
      },
      { findings: [{ severity: 'awful', path: 'greet.mjs', message: 'x' }] },
    ],
    ['split', { parts: [part('one'), part('two')] }, { parts: [{ id: 'one' }] }],
  ])('the answer of the phase %s is taken by its tool, after an invalid one was answered with its faults', async (phase, answer, invalid) => {
    const end = await asked({
      steps: steps('drydock', call(`submit_${phase}`, 2, invalid), call(`submit_${phase}`, 3, answer)),
      phase,
    });
    expect(end.result?.outcome).toBe('answered');
    expect(JSON.parse(end.result?.answer ?? '')).toMatchObject(answer);
    expect(tools(end).map(({ title, status }) => `${title} ${status}`)).toEqual([
      `drydock: submit_${phase} in_progress`,
      `drydock: submit_${phase} failed`,
      `drydock: submit_${phase} in_progress`,
      `drydock: submit_${phase} completed`,
    ]);
  });

  test('a question, a checkpoint and progress come out as those that an agent writes', async () => {
    const question = { question: 'Which?', context: 'Two ways.', options: ['a', 'b'], suggested: 'a' };
    const asking = await asked({
      steps: steps('drydock', call('report_progress', 2, { text: 'I look at it.' }), call('ask_human', 3, question)),
    });
    expect(asking.result).toMatchObject({ outcome: 'question', question });
    expect(asking.events).toContainEqual({ type: 'message', text: 'I look at it.' });
    const reached = await asked({
      steps: steps('drydock', call('reach_checkpoint', 2, { name: 'half', summary: 's' })),
    });
    expect(reached.result).toMatchObject({ outcome: 'checkpoint', checkpoint: { name: 'half', summary: 's' } });
  });

  test('a link under the name of an output is replaced and not followed', async () => {
    const end = await asked({
      steps: steps('drydock', call('ask_human', 2, { question: 'Which?' })),
      more: "symlinkSync('/workspace/greet.mjs', process.env.DRYDOCK_OUT + '/question.json');",
    });
    expect(end.result).toMatchObject({ outcome: 'question', question: { question: 'Which?' } });
    expect(changeOf(end).manifest.entries.map(({ path }) => path)).toEqual(['answers.json']);
  });

  test('nobody is served without the secret of the connection', async () => {
    const more = `
      const { connect } = await import('node:net');
      const [, port] = mcpServers.drydock.args;
      const first = (line) => new Promise((done) => {
        let seen = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(line + '\\n' + JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) + '\\n'));
        socket.on('data', (chunk) => { seen += chunk; socket.end(); }).on('close', () => done(seen)).on('error', () => {});
      });
      const secret = mcpServers.drydock.env.DRYDOCK_MCP;
      writeFileSync('served.json', JSON.stringify(await Promise.all([secret + ' drydock', 'x'.repeat(secret.length) + ' drydock', ' drydock', secret, secret + ' other', 'y'.repeat(10_000)].map(first))));`;
    const end = await asked({ steps: [], more });
    const [served, ...others] = JSON.parse(changeOf(end).content('served.json'));
    expect(JSON.parse(served)).toMatchObject({ id: 1, result: {} });
    expect(others).toEqual(['', '', '', '', '']);
  });
});

test('a server of the gateway is asked with its credential, of which the sandbox has nothing', async () => {
  const key = 'sesame-open-9000';
  const server = await kit.server((given, response, incoming) =>
    result(
      given.message.method === 'tools/list'
        ? {
            tools: [
              { name: 'search', inputSchema: {} },
              { name: 'drop', inputSchema: {} },
            ],
          }
        : { content: [{ type: 'text', text: `found with ${given.headers['x-key']}` }] },
    )(given, response, incoming),
  );
  const end = await asked(
    {
      steps: [
        ['docs', list(1)],
        ['docs', call('search')],
        ['docs', call('drop')],
      ],
      mcp: [{ name: 'docs', tools: ['search'] }],
    },
    {
      egress: {
        rules: [],
        private: [],
        mcp: [{ name: 'docs', url: server.url, tools: ['search'], credential: { name: 'x-key', value: key } }],
      },
    },
  );
  const { answers, servers, environment } = left(end);
  expect(servers.docs).toEqual({ type: 'http', url: 'http://127.0.0.1:8787/mcp/docs' });
  expect(JSON.parse(answers[0].body).result.tools).toEqual([{ name: 'search', inputSchema: {} }]);
  expect(JSON.parse(answers[1].body).result.content[0].text).toBe('found with [redacted]');
  expect(JSON.parse(answers[2].body).error.message).toContain('the tool drop is not allowed');
  expect(server.asked.map(({ headers }) => headers['x-key'])).toEqual([key, key]);
  expect(end.refusals).toMatchObject([{ target: 'mcp docs: tools/call drop', allow: 'mcp: {docs: {tools: [drop]}}' }]);
  expect(end.traffic).toContainEqual({
    route: 'mcp',
    target: 'docs tools/call',
    status: 200,
    requests: 1,
    bytes: expect.any(Number),
  });
  expect(tools(end).map(({ title, status }) => `${title} ${status}`)).toEqual([
    'docs: search in_progress',
    'docs: search completed',
  ]);
  expect(JSON.stringify([answers, servers, environment, end.events, end.refusals, end.traffic])).not.toContain(key);
});

describe('an agent of the Agent Client Protocol that the product does not know', () => {
  /** It leaves what it was given, and does not end by itself. */
  const agentOf = (capabilities: object): string => `
    import { writeFileSync } from 'node:fs';
    import { createInterface } from 'node:readline';
    const send = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
    createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      if (method === 'initialize') send(id, { protocolVersion: 1, agentCapabilities: ${JSON.stringify(capabilities)} });
      else if (method === 'session/new') {
        writeFileSync('given.json', JSON.stringify(params.mcpServers));
        send(id, { sessionId: 's' });
      } else if (method === 'session/prompt') send(id, { stopReason: 'end_turn' });
    });
    setInterval(() => undefined, 1_000);`;
  const run = async (capabilities: object, mcp: SandboxServer[]) => {
    const w = makeWorld(project, { 'agent.mjs': agentOf(capabilities) });
    worlds.push(w);
    const agent = makeJob(w).spec.agent;
    return runJob(w, makeJob(w, { spec: { mcp, agent: agent && { ...agent, kind: 'acp' } } }));
  };

  test('gets its servers with the session, and is ended when that is over', async () => {
    const end = await run({ mcpCapabilities: { http: true } }, [{ name: 'docs', tools: ['search'] }]);
    expect(end.result).toMatchObject({ outcome: 'built', agent: { exitCode: 0, stopReason: 'end_turn' } });
    expect(JSON.parse(changeOf(end).content('given.json'))).toEqual([
      {
        name: 'drydock',
        command: '/opt/drydock/bin/node',
        args: ['/home/agent/.drydock/mcp.cjs', expect.stringMatching(/^\d+$/), 'drydock'],
        env: [{ name: 'DRYDOCK_MCP', value: expect.stringMatching(/^[0-9a-f]{48}$/) }],
      },
      { type: 'http', name: 'docs', url: 'http://127.0.0.1:8787/mcp/docs', headers: [] },
    ]);
  });

  test('is refused a server at a URL by name, if it takes none over HTTP', async () => {
    expect((await run({}, [])).result).toMatchObject({ outcome: 'built' });
    expect((await run({}, [{ name: 'docs', tools: ['search'] }])).result).toMatchObject({
      outcome: 'failed',
      error: { name: 'AgentUnavailable', message: expect.stringContaining('such as docs') },
    });
  });
});
