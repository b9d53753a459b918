import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectAll, installationFiles } from '../../../../core/installation/detect.ts';
import { guess } from '../../../../core/installation/guess/guess.ts';
import { repositoryOf } from './files.ts';

const none = { python: () => undefined, java: () => undefined };
const guessed = (files: Record<string, string>, machine: Parameters<typeof guess>[2] = none) =>
  guess(repositoryOf(files), Object.keys(files), machine);
const manifest = (more: object = {}): string => JSON.stringify({ scripts: { test: 'x' }, ...more });

describe('the runtime', () => {
  test.each([
    [{ 'package.json': manifest() }, 'node:24'],
    [{ 'package.json': manifest({ engines: { node: '>= 0.10' } }) }, 'node:24'],
    [{ 'package.json': manifest({ engines: { node: '^18.18.0 || >=20' } }), '.nvmrc': '22\n' }, 'node:22'],
    [{ 'package.json': manifest(), '.nvmrc': 'v20.11.0' }, 'node:20'],
    [{ 'package.json': manifest(), '.nvmrc': 'lts/iron' }, 'node:20'],
    [{ 'package.json': manifest(), '.tool-versions': 'ruby 3.3\nnodejs 22.1.0\n' }, 'node:22'],
    [{ 'package.json': manifest({ engines: { node: '18.x' } }) }, 'node:18'],
    [{ 'package.json': manifest({ engines: { node: 'whatever' } }) }, 'node:24'],
    [{ 'requirements.txt': '' }, 'python:3.13'],
    [{ 'requirements.txt': '', '.python-version': '3.12.1\n' }, 'python:3.12'],
    [{ 'pyproject.toml': '[project]\nrequires-python = ">=3.9,<3.12"\n' }, 'python:3.11'],
    [{ 'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.10"\n[build-system]\n' }, 'python:3.13'],
    [{ 'pom.xml': '<maven.compiler.release>25</maven.compiler.release>' }, 'maven:3-eclipse-temurin-25'],
    [{ 'pom.xml': '<java.version>1.8</java.version>' }, 'maven:3-eclipse-temurin-21'],
    [{ 'build.gradle': '' }, 'gradle:8-jdk21'],
    [{ 'Cargo.toml': '', 'rust-toolchain.toml': '[toolchain]\nchannel = "1.75"\n' }, 'rust:1.75'],
    [{ 'go.mod': '' }, 'golang:1'],
  ])('%j: %s', (files, runtime) => expect(guessed(files as Record<string, string>).runtime).toBe(runtime));

  test('of what a project leaves open, the machine’s own', () => {
    const machine = { python: () => '3.11', java: () => 17 };
    expect(guessed({ 'requirements.txt': '' }, machine).runtime).toBe('python:3.11');
    expect(guessed({ 'setup.cfg': 'python_requires = >=3.12\n' }, machine).runtime).toBe('python:3.13');
    expect(guessed({ 'pom.xml': '' }, machine).runtime).toBe('maven:3-eclipse-temurin-17');
    expect(guessed({ 'pom.xml': '<java.version>21</java.version>' }, machine).runtime).toContain('21');
  });
});

describe('the manager', () => {
  test.each([
    [
      'a lock file of pnpm of an unknown format',
      { 'package.json': manifest(), 'pnpm-lock.yaml': 'lockfileVersion: 42' },
      'pnpm',
    ],
    ['a lock file of yarn of an unknown format', { 'package.json': manifest(), 'yarn.lock': '?' }, 'yarn'],
    [
      'a version that is none',
      { 'package.json': manifest({ packageManager: 'pnpm@latest' }), 'pnpm-lock.yaml': 'lockfileVersion: 9.0' },
      'pnpm',
    ],
    ['a lock file of uv of an unknown format', { 'setup.py': '', 'uv.lock': 'version = 7' }, 'uv'],
    ['a lock file of cargo of an unknown format', { 'Cargo.toml': '', 'Cargo.lock': 'version = 9' }, 'cargo'],
  ])('of %s is named, so that lint finds the fault', (_what, files, manager) => {
    const { packageManager } = guessed(files as Record<string, string>);
    expect(packageManager).toBe(manager);
    expect(detectAll(repositoryOf(files as Record<string, string>), ['.'], packageManager).faults).toHaveLength(1);
  });
});

describe('how it is tested', () => {
  test.each([
    [{ 'package.json': manifest(), 'pnpm-lock.yaml': 'lockfileVersion: 9.0' }, 'pnpm test'],
    [{ 'package.json': manifest(), 'bun.lock': '{}' }, 'bun run test'],
    [{ 'package.json': manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) }, 'node --test'],
    [{ 'requirements.txt': 'pytest\n' }, 'python -m pytest'],
    [{ 'setup.py': '', 'tox.ini': '[tox]\n' }, 'python -m unittest'],
    [{ 'pyproject.toml': '[project]\n[tool.pytest.ini_options]', 'uv.lock': 'version = 1' }, 'uv run pytest'],
    [{ 'pom.xml': '' }, 'mvn --batch-mode test'],
    [{ 'pom.xml': '', mvnw: '', '.mvn/wrapper/maven-wrapper.properties': '' }, 'sh ./mvnw --batch-mode test'],
    [{ 'go.work': 'go 1.22\nuse (\n\t./a\n\t./b\n)\n' }, 'go test ./a/... ./b/...'],
    [{ 'Cargo.toml': '[workspace]\n', 'Cargo.lock': '' }, 'cargo test --workspace --locked'],
    [{ Makefile: 'all:\n\ttrue\ntest: all\n\ttrue\n' }, 'make test'],
    [{ 'README.md': '' }, 'true'],
  ])('%j: %s', (files, command) => expect(guessed(files as Record<string, string>).testCommand).toBe(command));

  test('folders with lock files of their own, where the root has none', () => {
    const files = {
      'web/package.json': manifest(),
      'web/package-lock.json': '{}',
      'web/packages/a/package.json': manifest(),
      'services/api/requirements.txt': 'pytest\n',
      'docs/readme.md': '',
    };
    expect(guessed(files)).toEqual({
      runtime: 'python:3.13',
      roots: ['services/api', 'web'],
      testCommand: '(cd services/api && python -m pytest) && (cd web && npm test)',
    });
  });

  test('a folder of another toolchain beside the root’s; a workspace’s folders are its own', () => {
    const files = {
      'package.json': manifest(),
      'package-lock.json': '{}',
      'packages/a/package.json': manifest(),
      'tools/go.mod': 'module tools\n',
    };
    expect(guessed(files)).toMatchObject({
      roots: ['.', 'tools'],
      testCommand: 'npm test && (cd tools && go test ./...)',
    });
  });

  test('without a lock file, the packages are installed by the setup', () => {
    expect(guessed({ 'package.json': manifest({ dependencies: { ms: '1' } }) })).toMatchObject({
      packageManager: 'npm',
      setupCommand: 'npm install --no-package-lock',
    });
  });

  test('no text of a repository is part of a command, apart from plain names of folders', () => {
    const hostile = fc.constantFrom(
      '$(x)',
      ';x',
      '`x`',
      '"x',
      "'x",
      '\nx:',
      '[workspace]',
      '{"scripts":{"test":"$(x)"}}',
    );
    const content = fc.array(fc.oneof(hostile, fc.string()), { maxLength: 4 }).map((parts) => parts.join('\n'));
    const path = fc.constantFrom(
      ...installationFiles,
      '.nvmrc',
      '.python-version',
      '.tool-versions',
      'Makefile',
      'go.work',
    );
    const folder = fc.oneof(
      fc.constant(''),
      hostile.map((name) => `${name.replace('\n', '')}/`),
      fc.constant('a/'),
    );
    const files = fc.dictionary(
      fc.tuple(folder, path).map(([where, name]) => `${where}${name}`),
      content,
    );
    fc.assert(
      fc.property(files, (all) => {
        const { runtime, testCommand, buildCommand = '', setupCommand = '' } = guessed(all);
        expect(runtime).toMatch(/^[\w:.-]+$/);
        for (const command of [testCommand, buildCommand, setupCommand]) expect(command).toMatch(/^[\w ./()&-]*$/);
      }),
    );
  });
});
