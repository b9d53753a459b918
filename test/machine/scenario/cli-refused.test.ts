import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

describe('doctor', () => {
  test('what is missing is its result and, with exit 4, an error too', () => {
    writeFileSync(join(world.folder, 'bad.yaml'), 'version: 2\n');
    const { code, json } = cli(world, 'doctor', '--policy', 'bad.yaml', '--data', 'data', '--json');
    expect(code).toBe(4);
    expect(json).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'policy' })]),
    });
    expect(json.error).toMatchObject({ name: 'CheckFailed', message: expect.stringContaining('policy: ') });
  });

  test('a policy that does not exist is named once, with what to do', () => {
    const { code, json } = cli(world, 'doctor', '--policy', 'none.yaml', '--data', 'data', '--json');
    expect(code).toBe(4);
    expect((json.checks as Record<string, unknown>[]).filter(({ required, ok }) => required && !ok)).toEqual([
      expect.objectContaining({
        name: 'policy',
        detail: 'The policy none.yaml does not exist.',
        remedy: expect.stringContaining('drydock init'),
      }),
    ]);
  });

  test('a credential of an MCP server that is not there is named, and so is an agent that takes no servers', () => {
    world.policy({
      agents: { profiles: { thin: { agent: 'pi', provider: 'openai', model: 'gpt-5' } } },
      credentials: { docs: { env: 'DOCS_TOKEN', as: 'bearer' } },
      mcp: {
        docs: { url: 'https://mcp.acme.example/mcp', credential: 'docs', tools: ['search'] },
        lint: { command: ['node', '/agent/mcp.mjs'], tools: ['run'] },
      },
    });
    const rows = (env: Record<string, string>) =>
      (
        cli({ ...world, env } as World, 'doctor', '--policy', 'policy.yaml', '--data', 'data', '--json').json
          .checks as Record<string, unknown>[]
      ).filter(({ name }) => name === 'mcp');
    expect(rows({})).toMatchObject([
      { ok: false, detail: 'thin: pi takes no MCP servers' },
      { ok: false, detail: 'docs: https://mcp.acme.example/mcp', remedy: expect.stringContaining('DOCS_TOKEN') },
      { ok: true, detail: 'lint: node /agent/mcp.mjs in the sandbox' },
    ]);
    expect(rows({ DOCS_TOKEN: 'x' })[1]).toMatchObject({ ok: true });
  });

  test('servers of this machine that are not there, and a folder of an agent that is not, are named', async () => {
    // A port on which nobody listens any more.
    const closed = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
    world.policy({
      agents: { profiles: { own: { kind: 'command', command: ['node', '/agent/x.mjs'], files: './nowhere' } } },
      providers: { local: { kind: 'openai', base_url: `http://127.0.0.1:${closed}/v1`, credential: 'none' } },
      mcp: { docs: { url: `http://127.0.0.1:${closed}/mcp`, tools: ['search'] } },
    });
    const { code, json } = cli(world, 'doctor', '--policy', 'policy.yaml', '--data', 'data', '--json');
    expect(code).toBe(0);
    const missing = (json.checks as Record<string, unknown>[]).filter(({ ok }) => ok === false);
    expect(missing).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'agent', detail: expect.stringContaining('/nowhere') }),
        expect.objectContaining({ name: 'model server', detail: expect.stringContaining('ECONNREFUSED') }),
        expect.objectContaining({ name: 'mcp', detail: expect.stringMatching(/^docs: nobody listens .*ECONNREFUSED/) }),
      ]),
    );
  });
});

test('an agent that is not installed is not said to be removed', () =>
  expect(cli(world, 'agents', 'remove', 'gemini', '--data', 'data')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^gemini was not installed in .*data\n$/),
  }));

test('a mistyped command and a command that lacks one are told where the commands are', () => {
  for (const args of [['fly'], ['policy']])
    expect(cli(world, ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('drydock --help') });
});

test('a reader that leaves early, as `head` does, is no failure', () => {
  const script =
    'node "$0" lint --schema 2> errors.txt | (exec <&-; sleep 2); echo "$PIPESTATUS $(wc -c < errors.txt)"';
  const program = join(import.meta.dirname, '../../../bin/drydock.ts');
  const said = execFileSync('bash', ['-c', script, program], { cwd: world.folder, encoding: 'utf8' });
  expect(said).toBe('0 0\n');
});

describe('bad input gets a named error, its remedy and exit code, and leaves nothing', () => {
  const refused: [string, string[], string, number][] = [
    ['no command', [], 'UsageError', 2],
    ['an unknown command', ['fly'], 'UsageError', 2],
    ['an unknown flag', ['run', 'FIX-1.yaml', '--fast'], 'UsageError', 2],
    ['a missing argument', ['run'], 'UsageError', 2],
    ['an attempt that is no number', ['run', 'FIX-1.yaml', '--attempt', 'two'], 'UsageError', 2],
    ['a spec that is not there', ['run', 'NONE.yaml'], 'FileUnreadable', 2],
    ['a spec that is a folder', ['run', 'repo'], 'FileUnreadable', 2],
    ['a spec with faults', ['run', 'bad.yaml'], 'SpecInvalid', 2],
    ['a repository that is none', ['run', 'FIX-1.yaml', '--repo', 'acme/calc=/nowhere'], 'UnknownRepository', 2],
    ['a repo flag without a name', ['run', 'FIX-1.yaml', '--repo', 'here'], 'UsageError', 2],
    ['a policy that is not there', ['run', 'FIX-1.yaml', '--policy', 'none.yaml'], 'FileUnreadable', 2],
    ['a policy with faults', ['run', 'FIX-1.yaml', '--policy', 'bad.yaml'], 'PolicyInvalid', 2],
    ['an agent nobody knows', ['run', 'FIX-1.yaml', '--policy', 'policy.yaml', '--agent', 'bond'], 'UnknownAgent', 2],
    ['a run nobody knows', ['status', 'NOPE-1'], 'RunNotFound', 2],
    ['a data folder that is a file', ['list', '--data', 'FIX-1.yaml/data'], 'FileUnreadable', 2],
    ['a gate nobody knows', ['approve', 'NOPE-1', '--as', 'lead'], 'GateNotFound', 2],
    ['an answer to a gate nobody knows', ['answer', 'r-123.question.1', 'text', '--as', 'lead'], 'GateNotFound', 2],
    ['an empty reason', ['reject', 'NOPE-1', '  '], 'AnswerInvalid', 2],
    ['why without a line', ['why', 'src/math.js'], 'UsageError', 2],
    ['a task id that is no file name', ['new', '../../etc/passwd'], 'UsageError', 2],
    [
      'detaching without anybody who would run it',
      ['run', 'FIX-1.yaml', '--policy', 'policy.yaml', '--detach'],
      'UsageError',
      2,
    ],
  ];

  test.each(refused)('%s', (_what, args, name, exit) => {
    world.spec();
    writeFileSync(join(world.folder, 'bad.yaml'), 'task_id: [unclosed\n');
    const data =
      ['why', 'new'].includes(args[0] ?? '') || args.length === 0 || args[0] === 'fly' || args.includes('--data')
        ? []
        : ['--data', 'data'];
    const said = cli(world, ...args, ...data, '--json');
    expect(said.json).toMatchObject({ error: { name } });
    expect((said.json.error as { remedy: string }).remedy).not.toBe('');
    expect(said.stderr).toContain(name);
    expect(said.code).toBe(exit);
    expect(existsSync(join(world.folder, 'data', 'bases'))).toBe(false);
    expect(world.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    expect(readdirSync(world.repo).sort()).toEqual(['.git', 'package.json', 'src', 'test']);
  });
});
