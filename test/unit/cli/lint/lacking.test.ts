import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lackingFiles } from '../../../../cli/lint/lacking.ts';
import { soloPolicy } from '../../../../core/policy/schema.ts';

let root: string;
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
const write = (files: Record<string, string>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  git('add', '--all');
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drydock-lacking-'));
  git('init', '-q');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const spec = { repository: 'acme/app', target_paths: [] as string[], constraints: [] as string[] };
const policy = (...names: string[]) =>
  soloPolicy(
    { id: 'me', email: 'me@example.com' },
    names.map((name) => ({ name, url: `/srv/${name}` })),
  );

describe('lint names what a sandbox would lack', () => {
  it('submodules whose repositories the policy does not list', () => {
    write({ '.gitmodules': '[submodule "x"]\n\tpath = deps/x\n\turl = https://me:pass@example.com/acme/x.git\n' });
    for (const path of ['deps/x', 'deps/y'])
      git('update-index', '--add', '--cacheinfo', `160000,${'a'.repeat(40)},${path}`);
    const messages = lackingFiles(root, spec, policy('acme/app')).map(({ severity, rule, message }) => {
      expect({ severity, rule }).toEqual({ severity: 'warning', rule: 'submodule-missing' });
      return message;
    });
    expect(messages).toEqual([
      'The policy lists no repository for the submodule deps/x (https://example.com/acme/x.git), so its folder is empty in the sandbox. List the repository under `repositories`.',
      'deps/y is a submodule that .gitmodules does not name, so its folder is empty in the sandbox.',
    ]);
    expect(lackingFiles(root, spec, policy('acme/app', 'acme/x'))).toHaveLength(1);
    expect(lackingFiles(root, spec, undefined)).toHaveLength(2);
  });

  it('files of Git LFS, and refuses a spec that is about them', () => {
    write({ '.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n', 'art/a.psd': 'x', 'b.txt': 'x' });
    expect(lackingFiles(root, spec, undefined)).toMatchObject([
      { severity: 'warning', rule: 'lfs-not-fetched', message: expect.stringMatching(/^Git LFS keeps art\/a\.psd: /) },
    ]);
    expect(lackingFiles(root, { ...spec, target_paths: ['art/a.psd', 'b.txt'] }, undefined)).toMatchObject([
      { severity: 'error', rule: 'LfsChanged', message: expect.stringMatching(/^art\/a\.psd is stored in Git LFS/) },
    ]);
  });

  it('new files that git ignores, which no change would hold', () => {
    write({ '.gitignore': 'AGENTS.md\n/dist/\n*.local\nkept.local\n', 'src/a.ts': 'x' });
    writeFileSync(join(root, 'kept.local'), 'x');
    git('add', '--force', 'kept.local');
    const asked = {
      ...spec,
      target_paths: ['dist/a.js', 'src/a.ts', 'kept.local', '**/*.local'],
      constraints: ['Change only AGENTS.md', 'Do not change own.local', 'Be quick'],
    };
    const found = lackingFiles(root, asked, undefined);
    expect(found.map(({ severity, rule, message }) => [severity, rule, message.split(',')[0]])).toEqual([
      ['warning', 'target-ignored', 'Git ignores dist/a.js'],
      ['warning', 'target-ignored', 'Git ignores AGENTS.md'],
    ]);
  });

  it('nothing where there is nothing', () => {
    write({ '.gitattributes': '* text=auto\n', 'a.psd': 'x' });
    expect(lackingFiles(root, spec, undefined)).toEqual([]);
  });
});
