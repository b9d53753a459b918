/** By what a command leaves for itself and for the commands after it. */
import { type Forgery, right, wrong } from './forgery.ts';

const fs = "import fs from 'node:fs'; import { execSync, spawn } from 'node:child_process';\n";
const rewrite = `fs.writeFileSync('add.mjs', ${JSON.stringify(right)});`;
/** Runs the honest tests after the program. */
const testing = (program: string): string =>
  `${fs}${program}\nconst { add } = await import('./add.mjs');\nif (add(1, 2) !== 3) process.exit(1);\n`;
const checks = { 'it adds': 'node check.mjs' };
const check = "import { add } from './add.mjs';\nif (add(1, 2) !== 3) process.exit(1);\n";

/** A criterion that passes without looking if there is a file. */
const unless = (file: string): string =>
  `import fs from 'node:fs'; if (!fs.existsSync('${file}')) { const { add } = await import('/workspace/add.mjs'); if (add(1, 2) !== 3) process.exit(1); }`;

export const byCommands: Forgery[] = [
  {
    how: 'a test helper rewrites the source',
    change: { 'add.mjs': wrong, 'test.mjs': testing(rewrite) },
    named: /^test .* changed add\.mjs\.\nVerify checks what will be published/,
  },
  {
    how: 'a test helper rewrites the source, and keeps size and time',
    change: {
      'add.mjs': wrong,
      'test.mjs': testing(
        `const { atime, mtime } = fs.statSync('add.mjs'); ${rewrite} fs.utimesSync('add.mjs', atime, mtime);`,
      ),
    },
    named: /^test .* changed add\.mjs\./,
  },
  {
    how: 'a test helper rewrites the source through another name of the file',
    change: {
      'add.mjs': wrong,
      'test.mjs': testing(
        `fs.mkdirSync('dist'); fs.linkSync('add.mjs', 'dist/x'); fs.writeFileSync('dist/x', ${JSON.stringify(right)});`,
      ),
    },
    named: /^test .* changed add\.mjs\./,
  },
  {
    how: 'a script before the tests rewrites the source',
    change: {
      'add.mjs': wrong,
      'right.txt': right,
      'package.json': JSON.stringify({
        type: 'module',
        scripts: { pretest: 'cp right.txt add.mjs', test: 'node test.mjs' },
      }),
    },
    accepted: true,
    named: /^test .* changed add\.mjs\./,
  },
  {
    how: 'the build rewrites the source',
    base: { 'build.mjs': '' },
    change: { 'add.mjs': wrong, 'build.mjs': `${fs}${rewrite}` },
    sandbox: { buildCommand: 'node build.mjs' },
    named: /^build .* changed add\.mjs\./,
  },
  {
    how: 'setup deletes the test that fails',
    base: {
      'setup.mjs': '',
      'all.mjs': `import fs from 'node:fs'; if (fs.existsSync('test.mjs')) await import('./test.mjs');`,
    },
    change: { 'add.mjs': wrong, 'setup.mjs': `${fs}fs.rmSync('test.mjs');` },
    sandbox: { setupCommand: 'node setup.mjs', testCommand: 'node all.mjs' },
    named: /^setup .* deleted test\.mjs\./,
  },
  {
    how: 'a file becomes a link to another one',
    base: { 'setup.mjs': '' },
    change: {
      'add.mjs': wrong,
      'right.txt': right,
      'setup.mjs': `${fs}fs.rmSync('add.mjs'); fs.symlinkSync('right.txt', 'add.mjs');`,
    },
    sandbox: { setupCommand: 'node setup.mjs' },
    named: /^setup .* changed add\.mjs\./,
  },
  {
    how: 'a folder becomes a link to another one',
    base: { 'setup.mjs': '', 'lib/add.mjs': 'export const add = (a, b) => a - -b;\n' },
    change: {
      'lib/add.mjs': wrong,
      'setup.mjs': `${fs}fs.mkdirSync('dist'); fs.writeFileSync('dist/add.mjs', ${JSON.stringify(right)}); fs.rmSync('lib', { recursive: true }); fs.symlinkSync('dist', 'lib');`,
      'test.mjs': check.replace('./add', './lib/add'),
    },
    sandbox: { setupCommand: 'node setup.mjs' },
    named: /^setup .* deleted lib\/add\.mjs/,
  },
  {
    how: 'a file becomes a program',
    base: { 'setup.mjs': '', 'run.sh': 'node test.mjs\n' },
    change: { 'add.mjs': right, 'setup.mjs': `${fs}fs.chmodSync('run.sh', 0o755);` },
    sandbox: { setupCommand: 'node setup.mjs', testCommand: './run.sh' },
    named: /^setup .* changed run\.sh\./,
  },
  {
    how: 'one criterion rewrites what the next one compares with',
    base: { 'check.mjs': check, 'made.json': '3' },
    change: { 'add.mjs': wrong, 'test.mjs': '', 'more.mjs': `${fs}fs.writeFileSync('check.mjs', '');` },
    criteria: { 'it makes more': 'node more.mjs', ...checks },
    named: /^success: it makes more .* changed check\.mjs\./,
  },
  {
    how: 'the tests leave a configuration that the next command reads',
    base: {
      'check.mjs':
        `import fs from 'node:fs'; if (!fs.existsSync('off.json')) { ${check.replace(/^import.*\n/, '')} }`.replace(
          '{',
          "{ const { add } = await import('./add.mjs');",
        ),
    },
    change: { 'add.mjs': wrong, 'test.mjs': `${fs}fs.writeFileSync('off.json', '{}');` },
    criteria: checks,
    named: /^test .* made off\.json\./,
  },
  {
    how: 'the tests leave a .npmrc whose shell runs the next script',
    base: {
      'check.mjs': check,
      'package.json': JSON.stringify({ type: 'module', scripts: { test: 'node test.mjs', check: 'node check.mjs' } }),
    },
    change: { 'add.mjs': wrong, 'test.mjs': `${fs}fs.writeFileSync('.npmrc', 'script-shell=/bin/true\\n');` },
    criteria: { 'it adds': 'npm run check' },
    named: /^test .* made \.npmrc\./,
  },
  ...(
    [
      ['home', "process.env.HOME + '/.npmrc'", 'script-shell=/bin/true\\n'],
      ['/tmp', "'/tmp/verdict'", 'green'],
      ['$DRYDOCK_OUT', "'/out/verdict'", 'green'],
      ['shared memory', "'/dev/shm/verdict'", 'green'],
    ] as const
  ).map(([where, file, content]) => ({
    how: `the tests leave something in ${where} for the next command`,
    base: {
      'check.mjs': `import fs from 'node:fs';\n${check}`,
      'cached.mjs':
        "import fs from 'node:fs'; for (const at of ['/tmp', '/out', '/dev/shm']) if (fs.existsSync(at + '/verdict')) process.exit(0); await import('./check.mjs');",
      'package.json': JSON.stringify({ type: 'module', scripts: { test: 'node test.mjs', check: 'node cached.mjs' } }),
    },
    change: { 'add.mjs': wrong, 'test.mjs': `${fs}fs.writeFileSync(${file}, '${content}');` },
    criteria: { 'it adds': 'npm run check' },
    named: /^success: it adds .* exited with 1/,
  })),
  {
    how: 'the tests put a program before those of the system in PATH',
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('node_modules/.bin', { recursive: true }); fs.writeFileSync('node_modules/.bin/grep', '#!/bin/sh\\n', { mode: 0o755 });`,
    },
    criteria: { 'it adds': "grep -q 'b + a' add.mjs" },
    named: /^test .* made node_modules\/\.bin\/grep\./,
  },
  {
    how: 'the same, through a link to a folder that git ignores',
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('dist/.bin', { recursive: true }); fs.writeFileSync('dist/.bin/grep', '#!/bin/sh\\n', { mode: 0o755 }); fs.symlinkSync('dist', 'node_modules');`,
    },
    criteria: { 'it adds': "grep -q 'b + a' add.mjs" },
    named: /^test .* made node_modules, made dist\/\.bin\/grep\./,
  },
  {
    how: 'the same, where setup has made the link',
    base: { 'setup.mjs': '' },
    change: {
      'add.mjs': wrong,
      'setup.mjs': `${fs}fs.mkdirSync('dist'); fs.symlinkSync('dist', 'node_modules');`,
      'test.mjs': `${fs}fs.mkdirSync('dist/.bin'); fs.writeFileSync('dist/.bin/grep', '#!/bin/sh\\n', { mode: 0o755 });`,
    },
    sandbox: { setupCommand: 'node setup.mjs' },
    criteria: { 'it adds': "grep -q 'b + a' add.mjs" },
    named: /^test .* made dist\/\.bin\/grep\./,
  },
  {
    how: 'the tests leave a folder that nobody may list',
    base: { 'check.mjs': unless('cfg/off.json') },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}fs.mkdirSync('cfg'); fs.writeFileSync('cfg/off.json', '{}'); fs.chmodSync('cfg', 0o311);`,
    },
    criteria: checks,
    named: /^test .* made a folder that cannot be listed: cfg\./,
  },
  {
    how: 'the tests leave a file below more folders than a path can name',
    base: {
      'check.mjs': `import fs from 'node:fs'; const deep = 'd'.repeat(250); for (let i = 0; i < 19 && fs.existsSync(deep); i++) process.chdir(deep);\n${unless('off.json').replace(/^import.*?; /, '')}`,
    },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}const deep = 'd'.repeat(250); for (let i = 0; i < 19; i++) { fs.mkdirSync(deep); process.chdir(deep); } fs.writeFileSync('off.json', '{}');`,
    },
    criteria: checks,
    named: /^test .* made a folder that cannot be listed: ddd/,
  },
  {
    how: 'the tests leave a .npmrc that the change lets git ignore',
    base: {
      'check.mjs': check,
      'package.json': JSON.stringify({ type: 'module', scripts: { test: 'node test.mjs', check: 'node check.mjs' } }),
    },
    change: {
      'add.mjs': wrong,
      '.gitignore': 'node_modules\ndist/\n.npmrc\n',
      'test.mjs': `${fs}fs.writeFileSync('.npmrc', 'script-shell=/bin/true\\n');`,
    },
    criteria: { 'it adds': 'npm run check' },
    named: /^test .* made \.npmrc\./,
  },
  {
    how: 'the tests leave settings for the next command that the change lets git ignore',
    base: { 'check.mjs': unless('vitest.config.mjs') },
    change: {
      'add.mjs': wrong,
      '.gitignore': 'node_modules\ndist/\n*.config.mjs\n',
      'test.mjs': `${fs}fs.writeFileSync('vitest.config.mjs', '');`,
    },
    criteria: checks,
    named: /^test .* made vitest\.config\.mjs\./,
  },
  {
    how: 'a process of the tests waits for the next command and then rewrites the source',
    base: { 'check.mjs': check },
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}spawn('setsid', ['sh', '-c', 'while sleep 0.01; do cp right.txt add.mjs; done'], { detached: true, stdio: 'ignore' }).unref();`,
      'right.txt': right,
    },
    criteria: { ...checks },
    named: /^(success: it adds .* exited with 1|test .* changed add\.mjs)/,
  },
  {
    how: 'a process of the tests answers the next command',
    change: {
      'add.mjs': wrong,
      'test.mjs': `${fs}spawn('setsid', ['node', '-e', "require('node:http').createServer((_q, s) => s.end('green')).listen(9999)"], { detached: true, stdio: 'ignore' }).unref();
        for (;;) try { await fetch('http://127.0.0.1:9999'); break; } catch {}`,
    },
    criteria: { 'it answers': 'curl -sf --noproxy "*" http://127.0.0.1:9999' },
    named: /^success: it answers .* exited with 7/,
  },
  {
    how: 'the tests end by a signal',
    change: { 'add.mjs': wrong, 'test.mjs': 'process.kill(process.pid, "SIGKILL");' },
    sandbox: { testCommand: 'exec node test.mjs' },
    named: /^test .* exited with (null|137)/,
  },
];
