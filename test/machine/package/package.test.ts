import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { functionNames } from '../../../lib/names.ts';
import { ofType, readTemplate } from '../../support/aws/template.ts';
import { type Installed, install } from './installed.ts';

interface Lock {
  packages: Record<string, { version: string; integrity?: string; dev?: true; link?: true }>;
}

let installed: Installed;
beforeAll(() => {
  installed = install();
}, 180_000);
afterAll(() => installed?.remove());

const script = (text: string): string =>
  installed.run(process.execPath, ['--input-type=module', '--eval', text], installed.app);

describe('the package, installed elsewhere', () => {
  test('init writes a policy and a spec that lints, and the run of that spec is delivered', () => {
    const repo = join(installed.folder, 'repo');
    mkdirSync(repo);
    writeFileSync(join(repo, 'package.json'), '{"name":"other","type":"module","scripts":{"test":"node --test"}}\n');
    writeFileSync(join(repo, 'a.test.js'), "import test from 'node:test';\n\ntest('nothing', () => {});\n");
    installed.commit(repo, 'trunk');
    const made = installed.drydock(repo, 'init', '--json');
    expect(made).toMatchObject({ code: 0, json: { repository: 'local/repo', valid: true } });
    const done = installed.drydock(repo, 'run', '.agent-tasks/AGENTS-GUIDE-001.yaml', '--yes', '--json');
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered', error: null } });
    const changed = installed.run('git', ['diff', '--name-only', `trunk..${String(done.json.branch)}`], repo);
    expect(changed.trim()).toBe('AGENTS.md');
    expect(installed.drydock(repo, 'init', '--json').json).toMatchObject({ written: [] });
  });

  test('the demo needs no key, no account and no agent', () => {
    const done = installed.drydock(installed.folder, 'demo', '--json');
    const repository = String(done.json.repository);
    onTestFinished(() => rmSync(dirname(repository), { recursive: true, force: true }));
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered', error: null } });
    const changed = installed.run('git', ['diff', '--name-only', `main..${String(done.json.branch)}`], repository);
    expect(changed.trim().split('\n')).toEqual(['src/round.js', 'test/round.test.js']);
  });

  test('has the lock files of the agents that it can install', () => {
    const listed = installed.drydock(installed.folder, 'agents', 'list', '--json');
    expect(listed).toMatchObject({ code: 0 });
    const { agents } = listed.json as { agents: { name: string; version: string }[] };
    expect(agents.map(({ name }) => name)).toEqual(['claude-code', 'codex', 'copilot', 'gemini', 'opencode', 'pi']);
    for (const { version } of agents) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("is a construct of somebody else's CDK app, with three props, its functions in it (R38)", () => {
    script(`
      import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
      import { Drydock } from 'drydock/cdk';
      const app = new App({ outdir: 'out', analyticsReporting: false });
      const policy = { version: 1, people: { lead: {} }, review: { approvers: ['lead'] } };
      new Drydock(new Stack(app, 'Platform'), 'Agents', { policy, zones: 2, removalPolicy: RemovalPolicy.DESTROY });
      app.synth();`);
    const out = join(installed.app, 'out');
    const template = readTemplate(out, 'Platform');
    expect(ofType(template, 'AWS::EC2::Subnet')).toHaveLength(4);
    expect(ofType(template, 'AWS::StepFunctions::StateMachine')).toHaveLength(1);
    const bundles = readdirSync(out, { recursive: true }).filter((file) => /index\.mjs$/.test(String(file)));
    // Without an issuer there are no pages.
    expect(bundles.length).toBe(functionNames.length - 1);
    for (const file of bundles) expect(statSync(join(out, String(file))).size).toBeLessThan(1_500_000);
  });

  test('ships JavaScript with types under its exports, and no tests', () => {
    const parsed = script(
      "import { parseSpec } from 'drydock/spec'; console.log(parseSpec('x.yaml', Buffer.from('')).problems.length > 0);",
    );
    expect(parsed.trim()).toBe('true');
    const files = readdirSync(installed.package, { recursive: true }).map(String);
    expect(files).toContain('dist/core/task-spec/parse.d.ts');
    expect(files.filter((file) => /^(test|core|lib|lambdas|node_modules)\//.test(file))).toEqual([]);
  });

  test('names the transitive dependencies that were tested, each with its digest, and none of development', () => {
    const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Lock;
    const locked = read('package-lock.json').packages;
    const { '': root, ...shipped } = read(join(installed.package, 'npm-shrinkwrap.json')).packages;
    // A link leads to a folder of the tests.
    const tested = Object.entries(locked).filter(
      ([path, { dev, link }]) => path !== '' && dev !== true && link !== true,
    );
    expect(Object.entries(shipped)).toEqual(tested);
    expect(Object.keys(root ?? {})).not.toContain('devDependencies');
    for (const [path, { integrity }] of Object.entries(shipped)) expect(integrity, path).toMatch(/^sha512-/);
    // Made for the package, and not left here, where npm would take it for the lock file.
    expect(existsSync('npm-shrinkwrap.json')).toBe(false);
  });

  test('ships its licence, its documents and its schemas', () => {
    for (const file of ['LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs/README.md'])
      expect(existsSync(join(installed.package, file)), file).toBe(true);
    expect(readFileSync(join(installed.package, 'LICENSE'), 'utf8')).toContain('Apache License');
    const schemas = script(
      "for (const name of ['spec', 'policy']) console.log((await import('drydock/schemas/' + name + '.schema.json', { with: { type: 'json' } })).default.title);",
    );
    expect(schemas.trim().split('\n')).toEqual(['Drydock task spec', 'Drydock policy']);
  });

  test('names the licence of each package that is bundled into it', () => {
    const licenses = readFileSync(join(installed.package, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const bundle = readFileSync(join(installed.package, 'dist/programs/gateway.process.cjs'), 'utf8');
    const bundled = new Set(
      [...bundle.matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map((match) => match[1]),
    );
    expect(bundled.size).toBeGreaterThan(1);
    expect([...bundled].filter((name) => !licenses.includes(`\n${name} `))).toEqual([]);
    expect(licenses).toContain('\nhono ');
    expect(licenses).not.toContain('\nvitest ');
  });

  test('passes publint, suggestions included', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed.package, level: 'suggestion', pack: false });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });
});

describe('the examples, beside the installed package', () => {
  test('a repository with a spec, and an agent of its own that carries it out', () => {
    const [repo] = [installed.example('repository'), installed.example('agent')];
    installed.commit(repo, 'main');
    const spec = '.agent-tasks/RENAME-001.yaml';
    expect(installed.drydock(repo, 'lint', spec, '--json')).toMatchObject({
      code: 0,
      json: { files: [{ valid: true }] },
    });
    const done = installed.drydock(repo, 'run', spec, '--policy', '../agent/drydock.policy.yaml', '--yes', '--json');
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered', error: null } });
    const changed = installed.run('git', ['diff', '--name-only', `main..${String(done.json.branch)}`], repo);
    expect(changed.trim().split('\n')).toEqual(['src/slug.js', 'test/slug.test.js']);
  });

  test('the agent asks a person when the task does not name what to rename', () => {
    const out = join(installed.folder, 'out');
    mkdirSync(out);
    const agent = join(installed.package, 'examples/agent/agent.mjs');
    writeFileSync(join(out, 'prompt.md'), 'Tidy up.');
    const env = [`DRYDOCK_OUT=${out}`, `DRYDOCK_PROMPT_FILE=${join(out, 'prompt.md')}`];
    installed.run('env', [...env, process.execPath, agent], out);
    expect(JSON.parse(readFileSync(join(out, 'question.json'), 'utf8'))).toMatchObject({
      question: 'Which identifier should be renamed?',
    });
  });

  test('a TypeScript program compiles against the types, and finds what is wrong with a spec', () => {
    const program = installed.example('typescript');
    installed.typecheck(program);
    const policy = join(installed.package, 'examples/agent/drydock.policy.yaml');
    const check = (folder: string): string =>
      installed.run('sh', ['-c', '"$0" check-specs.ts "$1" "$2" || exit 0', process.execPath, folder, policy], program);
    expect(check(join(installed.package, 'examples/repository/.agent-tasks'))).toBe('');
    const folder = join(program, 'specs');
    mkdirSync(folder);
    writeFileSync(join(folder, 'BAD-1.yaml'), 'task_id: BAD-1\nunknown: 1\n');
    expect(check(folder)).toContain('BAD-1.yaml:2:1 error');
  });

  test('a CDK app of its own compiles against the types, and synthesizes', () => {
    const app = installed.example('cdk-app');
    installed.typecheck(app);
    // The variable by which the CDK's command line tells an app where to write.
    installed.run('env', ['CDK_OUTDIR=cdk.out', process.execPath, 'app.ts'], app);
    const template = readTemplate(join(app, 'cdk.out'), 'Agents');
    expect(ofType(template, 'AWS::StepFunctions::StateMachine')).toHaveLength(1);
    expect(ofType(template, 'AWS::IAM::Role').length).toBeGreaterThan(functionNames.length);
  });
});
