import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { functionNames } from '../../../lib/names.ts';
import { ofType, readTemplate } from '../../support/aws/template.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'drydock-package-'));
const [app, repo, home] = ['app', 'repo', 'home'].map((name) => join(folder, name)) as [string, string, string];
const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, npm_config_update_notifier: 'false' };

const run = (command: string, args: string[], cwd: string): string =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const drydock = (...args: string[]) => drydockIn(env, ...args);
const drydockIn = (variables: NodeJS.ProcessEnv, ...args: string[]) => {
  const done = spawnSync(join(app, 'node_modules/.bin/drydock'), args, {
    cwd: repo,
    env: variables,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: done.status, json: JSON.parse(done.stdout) as Record<string, unknown> };
};

beforeAll(() => {
  for (const path of [app, repo, home]) mkdirSync(path, { recursive: true });
  run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(app, 'package.json'), '{"name":"app","private":true}\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball)], app);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  writeFileSync(join(repo, 'package.json'), '{"name":"other","type":"module","scripts":{"test":"node --test"}}\n');
  writeFileSync(join(repo, 'a.test.js'), "import test from 'node:test';\n\ntest('nothing', () => {});\n");
  run('git', ['init', '--quiet', '-b', 'trunk'], repo);
  run('git', ['add', '--all'], repo);
  run('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'first'], repo);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, installed elsewhere', () => {
  test('init writes a policy and a spec that lints, and the run of that spec is delivered', () => {
    const made = drydock('init', '--json');
    expect(made).toMatchObject({ code: 0, json: { repository: 'local/repo', valid: true } });
    const done = drydock('run', '.agent-tasks/AGENTS-GUIDE-001.yaml', '--yes', '--json');
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered', error: null } });
    expect(run('git', ['diff', '--name-only', `trunk..${String(done.json.branch)}`], repo).trim()).toBe('AGENTS.md');
    expect(drydock('init', '--json').json).toMatchObject({ written: [] });
  });

  test('the demo needs no key, no account and no agent', () => {
    // Without what the checkout itself has installed.
    const bare = {
      ...env,
      PATH: (env.PATH ?? '')
        .split(':')
        .filter((folder) => !folder.startsWith(root))
        .join(':'),
    };
    const done = drydockIn(bare, 'demo', '--json');
    const repository = String(done.json.repository);
    onTestFinished(() => rmSync(dirname(repository), { recursive: true, force: true }));
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered', error: null } });
    const changed = run('git', ['diff', '--name-only', `main..${String(done.json.branch)}`], repository);
    expect(changed.trim().split('\n')).toEqual(['src/round.js', 'test/round.test.js']);
  });

  test("is a construct of somebody else's CDK app, with three props, its functions in it (R38)", () => {
    // Peers, as large as everything else together: linked, not fetched.
    for (const peer of ['aws-cdk-lib', 'constructs'])
      symlinkSync(join(root, 'node_modules', peer), join(app, 'node_modules', peer));
    const script = `
      import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
      import { Drydock } from 'drydock/cdk';
      const app = new App({ outdir: 'out', analyticsReporting: false });
      const policy = { version: 1, people: { lead: {} }, review: { approvers: ['lead'] } };
      new Drydock(new Stack(app, 'Platform'), 'Agents', { policy, zones: 2, removalPolicy: RemovalPolicy.DESTROY });
      app.synth();`;
    run(process.execPath, ['--input-type=module', '--eval', script], app);
    const template = readTemplate(join(app, 'out'), 'Platform');
    expect(ofType(template, 'AWS::EC2::Subnet')).toHaveLength(4);
    expect(ofType(template, 'AWS::StepFunctions::StateMachine')).toHaveLength(1);
    const bundles = readdirSync(join(app, 'out'), { recursive: true }).filter((file) =>
      /index\.mjs$/.test(String(file)),
    );
    expect(bundles.length).toBe(functionNames.length);
    for (const file of bundles) expect(statSync(join(app, 'out', String(file))).size).toBeLessThan(1_500_000);
  });

  test('ships JavaScript with types under its exports, and no tests', () => {
    const script =
      "import { parseSpec } from 'drydock/spec'; console.log(parseSpec('x.yaml', Buffer.from('')).problems.length > 0);";
    expect(run(process.execPath, ['--input-type=module', '--eval', script], app).trim()).toBe('true');
    const files = readdirSync(join(app, 'node_modules/drydock'), { recursive: true }).map(String);
    expect(files).toContain('dist/core/spec/parse.d.ts');
    expect(files.filter((file) => /^(test|core|lib|lambdas|node_modules)\//.test(file))).toEqual([]);
  });
});
