/** The controls: honest changes that do what the forgeries do, for an honest reason. */

import { type Attempt, right } from './forgery.ts';
import { plantedCommit } from './git.ts';
import { pack, project } from './package.ts';

interface Honest extends Attempt {
  what: string;
}

const fs = "import fs from 'node:fs'; import { execSync } from 'node:child_process';\n";
const builder = pack(
  'builder',
  { 'index.js': '', 'cli.js': '' },
  "import fs from 'node:fs'; fs.mkdirSync('dist', { recursive: true }); fs.writeFileSync('dist/built.txt', ''); fs.writeFileSync('node_modules/builder/built.js', '');",
);
const cached = pack('cached', {
  'index.js': '',
  'cli.js': "#!/usr/bin/env node\nrequire('node:fs').writeFileSync(__filename + '.cache', 'anew');\n",
  'cli.js.cache': 'installed',
});
const testing = (program: string): string =>
  `${fs}${program}\nconst { add } = await import('./add.mjs');\nif (add(1, 2) !== 3) process.exit(1);\n`;
const change = { 'add.mjs': right };

export const honest: Honest[] = [
  { what: 'a change of one file', change },
  {
    what: 'a bundled tool compiles its cache anew beside itself, and the next command has the installed one',
    base: { ...project([cached]) },
    change: { ...change, 'test.mjs': testing("execSync('node node_modules/cached/cli.js');") },
    criteria: { 'it is as installed': 'grep -q installed node_modules/cached/cli.js.cache' },
  },
  {
    what: 'tests keep what they compiled in the caches of compilers, and read it again',
    change: {
      ...change,
      'test.mjs': testing(
        "const cache = process.env.DRYDOCK_DEPS + '/go/build'; fs.mkdirSync(cache, { recursive: true }); fs.appendFileSync(cache + '/a', 'x');",
      ),
    },
    criteria: { 'it is there': 'grep -q x "$DRYDOCK_DEPS/go/build/a"' },
  },
  { what: 'a base with a submodule', submodules: { sub: plantedCommit }, change },
  {
    what: 'setup, build, tests and criteria write what git ignores, and read it again',
    base: {
      '.gitignore': 'node_modules\ndist/\ncoverage/\n.venv/\n',
      'build.mjs': `${fs}fs.mkdirSync('dist', { recursive: true }); fs.writeFileSync('dist/out.txt', 'built');`,
    },
    change: {
      ...change,
      'test.mjs': testing(
        "fs.mkdirSync('coverage', { recursive: true }); fs.writeFileSync('coverage/sum.json', fs.readFileSync('dist/out.txt'));",
      ),
    },
    sandbox: {
      setupCommand: 'mkdir .venv && echo "*" > .venv/.gitignore && echo x > .venv/x',
      buildCommand: 'node build.mjs',
    },
    criteria: { 'the coverage is there': 'grep -q built coverage/sum.json && test -e .venv/x' },
  },
  {
    what: 'the build writes committed files as they are, and the tests touch them',
    base: { 'made.txt': 'made\n', 'build.mjs': `${fs}fs.writeFileSync('made.txt', 'made\\n');` },
    change: {
      ...change,
      'test.mjs': testing("fs.utimesSync('made.txt', 0, 0); fs.writeFileSync('add.mjs', fs.readFileSync('add.mjs'));"),
    },
    sandbox: { buildCommand: 'node build.mjs' },
  },
  {
    what: 'a package with an install script that is in the lock file, and tools that keep caches in node_modules',
    base: project([builder]),
    change: {
      ...change,
      'test.mjs': testing(
        `for (const name of ['.cache/a/b', '.vite', '.vite-temp', '.tmp']) { fs.mkdirSync('node_modules/' + name, { recursive: true }); fs.writeFileSync('node_modules/' + name + '/x', ''); } fs.writeFileSync('node_modules/builder/own.tsbuildinfo', '{}', { flag: 'wx' }); fs.readFileSync('dist/built.txt'); fs.readFileSync('node_modules/builder/built.js');`,
      ),
    },
    criteria: { again: 'npm test' },
  },
  {
    what: 'caches in node_modules of a project that installs nothing',
    change: {
      ...change,
      'test.mjs': testing(
        "fs.mkdirSync('node_modules/.vite', { recursive: true }); fs.writeFileSync('node_modules/.vite/x', '');",
      ),
    },
    criteria: { again: 'npm test' },
  },
  {
    what: 'tests that use their home, /tmp, git and repositories of their own',
    change: {
      ...change,
      'test.mjs': testing(
        `fs.writeFileSync(process.env.HOME + '/.toolrc', ''); fs.mkdirSync('/tmp/repo'); execSync('git init -q /tmp/repo && git -C /tmp/repo status'); execSync('git status && git stash list && git log -1 && git diff --stat'); execSync('git init -q dist/repo');`,
      ),
    },
    criteria: { again: 'npm test' },
  },
  {
    what: 'a committed package in node_modules, and files with unusual names and modes',
    base: { 'node_modules/own/index.js': 'x', 'a b/ü\n"x.txt': 'x', '-rf': 'x' },
    change: { ...change, 'node_modules/own/more.js': 'y' },
  },
  {
    what: 'folders of which the tests take the rights',
    change: {
      ...change,
      'test.mjs': testing(
        "fs.mkdirSync('/tmp/a/b', { recursive: true }); fs.writeFileSync('/tmp/a/b/c', ''); fs.chmodSync('/tmp/a/b', 0o500); fs.chmodSync('/tmp/a', 0);",
      ),
    },
    criteria: { again: 'npm test' },
  },
];
