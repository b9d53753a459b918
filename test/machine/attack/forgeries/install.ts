/** By what is installed: scripts of packages, their files, and the settings of npm. */
import { type Forgery, right, wrong } from './forgery.ts';
import { pack, project } from './package.ts';

/** As packages do that build for a project: its script runs a file of the project. */
const builder = pack(
  'builder',
  { 'index.js': '' },
  "import { existsSync } from 'node:fs'; if (existsSync('builder.config.mjs')) await import(process.cwd() + '/builder.config.mjs');",
);
const checker = pack('checker', { 'index.js': 'exports.check = (a, b) => { if (a !== b) process.exit(1); };' });
const evil = pack('evil', { 'index.js': '' }, "import fs from 'node:fs'; fs.writeFileSync('add.mjs', '');");

const fs = "import fs from 'node:fs';\n";
const check = "import checker from 'checker';\nimport { add } from './add.mjs';\nchecker.check(add(1, 2), 3);\n";
const base = { ...project([builder, checker]), 'check.mjs': check };
const criteria = { 'it adds': 'npm run --silent check' };
const configured = (program: string): Forgery['change'] => ({
  'add.mjs': wrong,
  'builder.config.mjs': `${fs}${program}`,
});

export const byInstall: Forgery[] = [
  {
    how: 'an install script rewrites the source',
    base,
    change: configured(`fs.writeFileSync('add.mjs', ${JSON.stringify(right)});`),
    named: /^install \(`npm ci`\) changed add\.mjs\./,
  },
  {
    how: 'an install script leaves a .npmrc that loads a program into the tests',
    base,
    change: configured("fs.writeFileSync('.npmrc', 'script-shell=/bin/true');"),
    named: /^install .* made \.npmrc\./,
  },
  {
    how: 'an install script configures npm in its home',
    base,
    change: configured("fs.appendFileSync(process.env.HOME + '/.npmrc', 'script-shell=/bin/true');"),
    named: /^test .* exited with 1/,
  },
  {
    how: 'an install script installs more for the tests than the lock file says, in a folder of the tree',
    base: { ...base, 'lib/a.txt': 'a' },
    change: configured("fs.mkdirSync('lib/.config'); fs.writeFileSync('lib/.config/x.json', '{}');"),
    named: /^install .* made lib\/\.config\/x\.json\./,
  },
  ...(
    [
      [
        'rewrite an installed package',
        "fs.writeFileSync('node_modules/checker/index.js', 'exports.check = () => {};');",
        'changed node_modules/checker/index.js',
      ],
      [
        'add a file to an installed package',
        "fs.writeFileSync('node_modules/checker/index.json', '{}');",
        'made node_modules/checker/index.json',
      ],
      [
        'add a package',
        "fs.mkdirSync('node_modules/x'); fs.writeFileSync('node_modules/x/index.js', '');",
        'made node_modules/x/index.js',
      ],
      [
        'delete an installed file',
        "fs.rmSync('node_modules/builder/index.js');",
        'deleted node_modules/builder/index.js',
      ],
      [
        'replace an installed package by a link',
        "fs.rmSync('node_modules/checker', { recursive: true }); fs.symlinkSync('../lib', 'node_modules/checker');",
        'made node_modules/checker, deleted node_modules/checker/',
      ],
    ] as const
  ).map(([what, program, named]) => ({
    how: `the tests ${what}, which the next command uses`,
    base: { ...base, 'lib/index.js': '' },
    change: { 'add.mjs': wrong, 'test.mjs': `${fs}${program}` },
    criteria,
    named: new RegExp(`^test .* ${named.replaceAll('.', '\\.')}`),
  })),
  {
    how: 'the build rewrites an installed package',
    base: { ...base, 'build.mjs': '' },
    change: {
      'add.mjs': wrong,
      'build.mjs': `${fs}fs.writeFileSync('node_modules/checker/index.js', 'exports.check = () => {};');`,
      'test.mjs': check,
    },
    sandbox: { buildCommand: 'node build.mjs' },
    named:
      /^build .* changed node_modules\/checker\/index\.js\.\n.* move a step that writes into node_modules into setup_command/,
  },
  {
    how: 'the tests leave a poisoned cache in node_modules for the next command',
    base: {
      ...base,
      'check.mjs': `import fs from 'node:fs'; if (!fs.existsSync('node_modules/.cache/green')) { const { add } = await import('./add.mjs'); if (add(1, 2) !== 3) process.exit(1); }`,
    },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('node_modules/.cache'); fs.writeFileSync('node_modules/.cache/green', '');`,
    },
    criteria,
    named: /^success: it adds .* exited with 1/,
  },
  {
    how: 'the tests leave an empty folder in a cache of node_modules for the next command',
    base: {
      ...base,
      'check.mjs': `import fs from 'node:fs'; if (!fs.existsSync('node_modules/.cache/green')) { const { add } = await import('./add.mjs'); if (add(1, 2) !== 3) process.exit(1); }`,
    },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('node_modules/.cache/green', { recursive: true });`,
    },
    criteria,
    named: /^success: it adds .* exited with 1/,
  },
  {
    how: 'the tests install packages below another folder, through a link to one that git ignores',
    base: { ...base, 'lib/check.mjs': check.replace('./add', '../add') },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('dist/checker', { recursive: true }); fs.writeFileSync('dist/checker/index.js', 'exports.check = () => {};'); fs.symlinkSync('../dist', 'lib/node_modules');`,
    },
    criteria: { 'it adds': 'node lib/check.mjs' },
    named: /^test .* made lib\/node_modules, made dist\/checker\/index\.js\./,
  },
  {
    how: 'an install script leaves a .npmrc that the change lets git ignore',
    base,
    change: {
      ...configured("fs.writeFileSync('.npmrc', 'script-shell=/bin/true');"),
      '.gitignore': 'node_modules\n.npmrc\n',
    },
    named: /^install .* made \.npmrc\./,
  },
  {
    how: 'the tests install packages below another folder',
    base: { ...base, 'lib/check.mjs': check.replace('./add', '../add') },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('lib/node_modules/checker', { recursive: true }); fs.writeFileSync('lib/node_modules/checker/index.js', 'exports.check = () => {};');`,
    },
    criteria: { 'it adds': 'node lib/check.mjs' },
    named: /^test .* made lib\/node_modules\/checker\/index\.js\./,
  },
  {
    how: 'a new package runs a script when it is installed',
    base: project([checker]),
    change: { ...project([checker, evil]), 'add.mjs': wrong },
    named: /^TestsWeakened: package-lock\.json: evil@1\.0\.0 .* is new and runs a script when it is installed/,
  },
  ...(
    [
      [
        'says so in another way than yes',
        (lock: string) => lock.replace('"hasInstallScript":true', '"hasInstallScript":1'),
        'evil@1.0.0 .* is new and runs a script',
      ],
      [
        'has the marks of a merge, which npm repairs',
        (lock: string) =>
          lock.replace(
            '"lockfileVersion":3',
            '\n<<<<<<<\n"lockfileVersion":3\n|||||||\n"lockfileVersion":3\n=======\n"lockfileVersion":3\n>>>>>>>\n',
          ),
        'cannot be read',
      ],
      [
        'is of the first version, which does not tell',
        () => JSON.stringify({ lockfileVersion: 1, dependencies: { evil: { version: 'file:evil.tgz' } } }),
        'cannot be read',
      ],
    ] as const
  ).map(([says, written, named]) => ({
    how: `the same, with a lock file that ${says}`,
    base: project([checker]),
    change: {
      ...project([checker, evil]),
      'package-lock.json': written(String(project([checker, evil])['package-lock.json'])),
      'add.mjs': wrong,
    },
    named: new RegExp(`^TestsWeakened: package-lock\\.json: ${named}`),
  })),
  {
    how: 'the same, accepted by a person: its script still changes nothing of the tree',
    base: project([checker]),
    change: { ...project([checker, evil]), 'add.mjs': wrong },
    accepted: true,
    named: /^install .* changed add\.mjs\./,
  },
  {
    how: 'a script of the project that npm runs on install',
    change: {
      'add.mjs': wrong,
      'package.json': JSON.stringify({ scripts: { test: 'node test.mjs', postinstall: 'node x.mjs' } }),
    },
    named: /^TestsWeakened: package\.json: the script postinstall runs without being named: node x\.mjs/,
  },
  {
    how: 'a program around the tests',
    change: {
      'add.mjs': wrong,
      'package.json': JSON.stringify({
        scripts: { test: 'node test.mjs', pretest: 'node x.mjs', posttest: 'node y.mjs' },
      }),
    },
    named: /^TestsWeakened: package\.json: the script posttest runs without being named.*\n.*the script pretest/,
  },
  ...['node-options=--import /workspace/x.mjs', 'script-shell=/workspace/x.sh', 'git=/workspace/x.sh'].map((line) => ({
    how: `a .npmrc with ${line}`,
    change: { 'add.mjs': wrong, '.npmrc': `${line}\n` },
    named: new RegExp(`^TestsWeakened: \\.npmrc: sets ${line.split('=')[0]} of npm, which can decide what runs`),
  })),
];
