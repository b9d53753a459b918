import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { mayWeaken } from '../../core/guard/attention/compared.ts';
import { type Weakened, weakenedTests } from '../../core/guard/weakened.ts';
import type { ChangeEntry } from '../../core/run/change-set.ts';

/**
 * What the guard says of the commits of repositories, as if an agent had made each of them: how many change tests or their
 * settings, and how many of those it would refuse or show as weaker.
 */
export function history(args: string[]): void {
  const { values, positionals } = parseArgs({
    args,
    options: { commits: { type: 'string', default: '100' }, list: { type: 'boolean', default: false } },
    allowPositionals: true,
  });

  const sums = { commits: 0, tests: 0, refused: 0, shown: 0 };
  for (const repository of positionals) {
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-C', repository, ...args], {
        maxBuffer: 256 * 1024 * 1024,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const commits = git('rev-list', '--no-merges', `--max-count=${values.commits}`, 'HEAD')
      .toString()
      .trim()
      .split('\n');
    const of = { commits: commits.length, tests: 0, refused: 0, shown: 0 };
    for (const commit of commits) {
      const found = findingsOf(git, commit);
      if (found === undefined) continue;
      of.tests++;
      if (found.some(({ refused }) => refused)) of.refused++;
      else if (found.length > 0) of.shown++;
      if (values.list)
        for (const each of found)
          console.log(`  ${commit.slice(0, 9)} ${each.refused ? 'refused' : 'shown'} ${each.path}: ${each.message}`);
    }
    console.log(`${basename(repository)}: ${JSON.stringify(of)}`);
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += of[key];
  }
  console.log(`all: ${JSON.stringify(sums)}`);
}

/** Undefined for a commit that changes no test and no setting of tests. */
function findingsOf(git: (...args: string[]) => Buffer, commit: string): Weakened[] | undefined {
  const lines = git('diff-tree', '--root', '--no-renames', '-r', '-z', '--no-commit-id', commit).toString().split('\0');
  const changed: { path: string; op: 'put' | 'delete' }[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2)
    changed.push({ path: lines[i + 1] ?? '', op: lines[i]?.endsWith(' D') ? 'delete' : 'put' });
  if (changed.length > 300 || !changed.some(({ path }) => mayWeaken(path))) return undefined;
  const read = (revision: string, path: string): Buffer | undefined => {
    try {
      return git('cat-file', 'blob', `${revision}:${path}`);
    } catch {
      return undefined;
    }
  };
  const base = new Map<string, Uint8Array>();
  const entries: ChangeEntry[] = [];
  const blobs: Buffer[] = [];
  for (const { path, op } of changed) {
    const was = read(`${commit}^`, path);
    if (was) base.set(path, was);
    const is = op === 'put' ? read(commit, path) : undefined;
    if (is) {
      entries.push({ op: 'put', path, mode: '100644', blobSha: '0'.repeat(40), bytes: is.length });
      blobs.push(is);
    } else entries.push({ op: 'delete', path });
  }
  return weakenedTests({
    base,
    change: { manifest: { base: '0'.repeat(40), entries }, blobs: new Uint8Array(Buffer.concat(blobs)) },
    task: { constraints: { targetPaths: [], excludedPaths: [], constraints: [] } },
  });
}
