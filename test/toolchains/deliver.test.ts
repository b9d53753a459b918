/** `init`, `lint` and `run` in repositories of each package manager, with its real program and a registry of its kind. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as node from './node-projects.ts';
import * as other from './other-projects.ts';
import type { Files } from './registries/archive.ts';
import { serveCrates } from './registries/crates.ts';
import { serveGo } from './registries/go.ts';
import { serveMaven } from './registries/maven.ts';
import { servePypi } from './registries/pypi.ts';
import type { Served } from './registries/serve.ts';
import { makeRepository, type Registries } from './world.ts';

let registries: Required<Registries>;
let served: Served[];
beforeAll(async () => {
  served = await Promise.all([
    servePypi([{ name: 'tiny', ...other.tiny }]),
    serveMaven(),
    serveGo([other.greetModule]),
    serveCrates([other.crate]),
  ]);
  const [pypi = '', maven = '', go = '', crates = ''] = served.map(({ url }) => url);
  registries = { pypi, maven, go, crates };
});
afterAll(() => {
  for (const each of served) each.close();
});

const projects: [name: string, files: () => Files, versions: object][] = [
  ['npm', node.npm, { ms: '2.1.3' }],
  ['npm workspaces', node.npmWorkspaces, { npm: expect.any(String) }],
  ['pnpm workspace', node.pnpmWorkspace, { pnpm: '10.12.1' }],
  ['yarn 1', node.yarn1, { yarn: '1.22.22' }],
  ['yarn berry, node-modules', () => node.yarnBerry('node-modules'), { yarn: '4.9.1', ms: '2.1.3' }],
  ['yarn berry, PnP', () => node.yarnBerry('pnp'), { yarn: '4.9.1' }],
  ['bun', node.bun, { bun: expect.stringMatching(/^1\./), ms: '2.1.3' }],
  ['pip with hashes', () => other.pip(), { python: expect.stringMatching(/^3\./) }],
  ['poetry', other.poetry, { python: expect.stringMatching(/^3\./) }],
  ['Maven', other.maven, { java: expect.any(String) }],
  ['Gradle', other.gradle, { java: expect.any(String) }],
  ['Go modules', other.goModules, { go: expect.stringMatching(/^1\./) }],
  ['Go workspace', other.goWorkspace, { go: expect.stringMatching(/^1\./) }],
  ['cargo workspace', other.cargoWorkspace, { rust: expect.stringMatching(/^1\./) }],
  [
    'Node and Python in one repository',
    () => ({
      ...Object.fromEntries(Object.entries(node.npm()).map(([name, text]) => [`web/${name}`, text])),
      ...other.pip('api/'),
    }),
    { python: expect.stringMatching(/^3\./), node: expect.stringMatching(/^2\d\./) },
  ],
];

test.each(projects)('%s: init, lint and run end delivered', async (_name, files, versions) => {
  const repository = makeRepository(files(), registries);
  try {
    const initialised = await repository.drydock('init', '--json', '--as', 'me');
    expect(initialised, initialised.stderr).toMatchObject({ code: 0, json: { valid: true, problems: [] } });
    const spec = '.agent-tasks/AGENTS-GUIDE-001.yaml';
    const linted = await repository.drydock('lint', spec, '--json', '--policy', String(initialised.json.policy));
    expect(linted, linted.stderr).toMatchObject({ code: 0, json: { files: [{ valid: true }] } });
    const ran = await repository.drydock('run', spec, '--yes', '--json', '--as', 'me');
    expect(ran, `${ran.stderr.slice(-3_000)}\n${ran.stdout.slice(-2_000)}`).toMatchObject({
      code: 0,
      json: { status: 'delivered' },
    });
    const shown = await repository.drydock('show', 'AGENTS-GUIDE-001', '--evidence', '--json');
    const { phases } = shown.json.evidence as { phases: { verify?: { result: { versions: object } } } };
    expect(phases.verify?.result.versions).toMatchObject(versions);
  } finally {
    repository.remove();
  }
});
