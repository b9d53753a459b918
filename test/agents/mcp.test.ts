/** Agents as their packages are, with MCP servers: each sees and calls only allowed tools. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { addAgent } from '../../adapters/local/agents/installed.ts';
import type { AgentName } from '../../core/agents/names.ts';
import type { ProviderKind } from '../../core/models/endpoint.ts';
import { createKit, document, result } from '../machine/contract/mcp/kit.ts';
import type { Script, Tool } from '../support/scripted-model/script.ts';
import { startScriptedModel } from '../support/scripted-model/server.ts';
import { createWorld, followRun, policyOf, run } from '../support/world.ts';

const packageRoot = path.join(import.meta.dirname, '../..');
const open: [AgentName, ProviderKind][] = [
  ['codex', 'openai'],
  ['gemini', 'google'],
  ['opencode', 'openai'],
];

let shared: string;
beforeAll(async () => {
  shared = mkdtempSync(path.join(tmpdir(), 'drydock-agents-'));
  for (const [name] of open) await addAgent(packageRoot, shared, name);
}, 300_000);
afterAll(() => rmSync(shared, { recursive: true, force: true }));
const kit = createKit();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await kit.close();
  vi.unstubAllEnvs();
});

/** Whether a tool is this one of a server, in any of the ways in which agents name it. */
const isTool = ({ name, namespace = '' }: Tool, server: string, tool: string): boolean =>
  new RegExp(`^(?:mcp_+)?${server}_+${tool}$`).test(
    `${namespace}${namespace === '' || namespace.endsWith('_') ? '' : '__'}${name}`,
  );
const ofServers = (tools: readonly Tool[]): string[] =>
  tools.map(({ name, namespace = '' }) => `${namespace}${name}`).filter((name) => /docs|lint|drydock/.test(name));

const plan = {
  summary: 'Mend add',
  phases: [{ name: 'mend', files: ['src/math.js'], steps: ['add the two numbers'] }],
};

const line = (expression: string): string => `export const add = (a, b) => ${expression};`;
/** The plan by Drydock's own tool; then a call of each server, one of a tool that is not allowed, and the change. */
const scriptOf =
  (offered: Set<string>): Script =>
  (request, tools) => {
    for (const name of ofServers(tools)) offered.add(name);
    const use = (server: string, tool: string, input: Record<string, unknown>) => {
      const found = tools.find((each) => isTool(each, server, tool));
      return found === undefined ? [] : [{ use: { tool: found, input } }];
    };
    if (request.includes('Read and plan; change nothing'))
      return [
        { text: 'I hand the plan in.', steps: use('drydock', 'submit_plan', plan) },
        { text: 'Done.', steps: [] },
      ];
    const drop = `node -e "fetch('http://127.0.0.1:8787/mcp/docs',{method:'POST',headers:{'content-type':'application/json'},body:JSON.stringify({jsonrpc:'2.0',id:1,method:'tools/call',params:{name:'drop'}})}).then((r)=>r.text()).then(console.log)"`;
    return [
      { text: 'I search.', steps: use('docs', 'search', { query: 'add' }) },
      { text: 'I lint.', steps: use('lint', 'run', {}) },
      { text: 'I try what I may not.', steps: [{ run: drop }] },
      { text: 'I change it.', steps: [{ edit: { path: 'src/math.js', before: line('a - b'), after: line('a + b') } }] },
      { text: 'Done.', steps: [] },
    ];
  };

/** A server of the sandbox, without packages. */
const lint = `
const tools = ['run', 'fix'].map((name) => ({ name, description: name, inputSchema: { type: 'object', properties: {} } }));
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const { id, method, params } = JSON.parse(line);
    const results = {
      initialize: { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'lint', version: '1' } },
      'tools/list': { tools },
      'tools/call': { content: [{ type: 'text', text: 'no faults' }] },
    };
    if (id !== undefined) process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }) + '\\n');
  }
});`;

test.each(
  open,
)('%s gets and calls only allowed tools, at the gateway and in the sandbox, and plans by a tool', async (name, kind) => {
  const tool = (each: string) => ({
    name: each,
    description: each,
    inputSchema: { type: 'object', properties: { query: { type: 'string' } } },
  });
  const docs = await kit.server((asked, response, incoming) => {
    const { method, params, id } = asked.message ?? {};
    if (asked.method !== 'POST') return document({}, 405)(asked, response, incoming);
    if (id === undefined) return void response.writeHead(202).end();
    const results: Record<string, object> = {
      initialize: {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'd', version: '1' },
      },
      'tools/list': { tools: [tool('search'), tool('drop')] },
      'tools/call': { content: [{ type: 'text', text: `found ${JSON.stringify(params?.arguments)}` }] },
    };
    return result(results[method] ?? {})(asked, response, incoming);
  });
  const offered = new Set<string>();
  const model = await startScriptedModel(scriptOf(offered));
  const world = createWorld();
  writeFileSync(path.join(world.folder, 'agent', 'lint.mjs'), lint);
  vi.stubEnv('DOCS_KEY', 'sesame-open-9000');
  world.policy({
    providers: { scripted: { kind, base_url: kind === 'openai' ? `${model.url}/v1` : model.url, credential: 'none' } },
    prices: { 'scripted/model-1': { input: 3, output: 15 } },
    agents: { profiles: { known: { agent: name, provider: 'scripted', model: 'model-1', files: './agent' } } },
    credentials: { docs: { env: 'DOCS_KEY', as: 'bearer' } },
    mcp: {
      docs: { url: docs.url, credential: 'docs', tools: ['search'] },
      lint: { command: ['node', '/agent/lint.mjs'], tools: ['run'] },
    },
  });
  mkdirSync(world.data, { recursive: true, mode: 0o700 });
  symlinkSync(path.join(shared, 'agents'), path.join(world.data, 'agents'));
  const server = await world.open();
  closing.push(
    () => model.close(),
    () => world.remove(),
    () => server.close(),
  );
  const sandbox = { package_manager: 'npm', runtime: 'node:24', test_command: 'npm test', mcp: ['docs', 'lint'] };
  const view = await run(world, server, { spec: { sandbox } });
  expect([view.status, view.error]).toEqual(['delivered', null]);
  const names = [...offered].join(' ');
  for (const own of ['submit_plan', 'ask_human', 'reach_checkpoint', 'report_progress', 'search', 'run'])
    expect(names).toContain(own);
  expect(names).not.toMatch(/drop|fix/);
  expect(docs.asked.flatMap(({ message }) => (message?.method === 'tools/call' ? [message.params.name] : []))).toEqual([
    'search',
  ]);
  expect(docs.asked.every(({ headers }) => headers.authorization === 'Bearer sesame-open-9000')).toBe(true);
  const events = (await server.service.activity(view.runId)).flatMap(({ events: each }) => each);
  const calls = events.flatMap((event) =>
    event.type === 'tool' && event.id.startsWith('mcp/') ? [`${event.title} ${event.status}`] : [],
  );
  expect(calls).toEqual(
    expect.arrayContaining(['drydock: submit_plan completed', 'docs: search completed', 'lint: run completed']),
  );
  const refusals = (await server.service.egress(view.runId)).map(({ target }) => target);
  expect(refusals).toContain('mcp docs: tools/call drop');
});

const part = (id: string) => ({ id, title: id, instructions: `Work in ${id}.`, target_paths: [`${id}/**`] });
/** What an agent hands in, by the topic that its prompt names. */
const answers = {
  draft: { advice: { do_it_yourself: true, reason: 'It is one line.' } },
  split: { parts: [part('src'), part('test')] },
  review: { summary: 'Read.', findings: [{ severity: 'note', path: 'src/math.js', message: 'Says it all.' }] },
};

test.each(open)('%s drafts, divides and reviews by the tools of these phases', async (name, kind) => {
  const model = await startScriptedModel((request, tools) => {
    const use = (name: string, input: Record<string, unknown>): ReturnType<Script> => {
      const tool = tools.find((each) => isTool(each, 'drydock', name));
      return [
        { text: 'I hand it in.', steps: tool === undefined ? [] : [{ use: { tool, input } }] },
        { text: 'Done.', steps: [] },
      ];
    };
    const topic = (['draft', 'split', 'review'] as const).find((each) => request.includes(`submit_${each}`));
    if (topic !== undefined) return use(`submit_${topic}`, answers[topic]);
    if (request.includes('Read and plan; change nothing')) return use('submit_plan', plan);
    return [
      { text: 'I change it.', steps: [{ edit: { path: 'src/math.js', before: line('a - b'), after: line('a + b') } }] },
      { text: 'Done.', steps: [] },
    ];
  });
  const world = createWorld();
  const profile = { agent: name, provider: 'scripted', model: 'model-1', files: './agent' };
  world.policy({
    providers: { scripted: { kind, base_url: kind === 'openai' ? `${model.url}/v1` : model.url, credential: 'none' } },
    prices: { 'scripted/model-1': { input: 3, output: 15 } },
    agents: { default: 'known', profiles: { known: profile, strict: { ...profile } } },
    review: { plan: 'optional', approvers: ['lead', 'second'], reviewers: ['strict'] },
  });
  mkdirSync(world.data, { recursive: true, mode: 0o700 });
  symlinkSync(path.join(shared, 'agents'), path.join(world.data, 'agents'));
  const server = await world.open();
  closing.push(
    () => model.close(),
    () => world.remove(),
    () => server.close(),
  );
  const policy = policyOf(world);
  const asked = { policy, requester: 'dev', agent: 'known' };
  const draft = await server.service.draft({ ...asked, text: 'Correct the sums.', repository: 'acme/calc' });
  expect((await followRun(server, draft.runId, false)).error).toMatchObject({
    name: 'DoItYourself',
    message: 'It is one line.',
  });
  const split = await server.service.split({ ...asked, ...world.spec() });
  expect(await followRun(server, split.runId, false)).toMatchObject({ status: 'delivered', error: null });
  expect((await server.service.evidence(split.runId)).answer).toMatchObject({ parts: [{ id: 'src' }, { id: 'test' }] });

  const view = await run(world, server, { spec: { agent: 'known' } });
  expect([view.status, view.error]).toEqual(['delivered', null]);
  expect((await server.service.audit(view.runId)).reviews?.rounds).toMatchObject([
    { reviewer: 'strict', summary: 'Read.', findings: [{ message: 'Says it all.' }] },
  ]);
});
