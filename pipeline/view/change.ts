import { type DiffSide, diffOfFiles, type FilePair } from '../../core/diff/job.ts';
import { type FileDiff, filesOfDiff } from '../../core/diff/unified.ts';
import { looksGenerated } from '../../core/guard/attention/unreadable.ts';
import { plannedPhases } from '../../core/plan/planned.ts';
import type { Plan } from '../../core/plan/schema.ts';
import type { UnifiedDiff } from '../../core/ports/host/code-host.ts';
import { blobsByPath, type ChangeEntry } from '../../core/run/change-set.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { withColours } from './colours.ts';

/** A changed file, as people look at it. */
export interface ChangedFile extends FileDiff {
  /** The phase of the plan that names it; null if none does. */
  phase: string | null;
  /** Made by a program, as its name or its content says. */
  generated: boolean;
  /** HTML of the lines of each hunk, in their order; absent where there are no colours. */
  colours?: string[][];
}

export interface ChangeView {
  /** The commit, or the digest of the change set before there is one. */
  of: string;
  files: ChangedFile[];
  /** The diff was cut; files after the cut are missing. */
  truncated: boolean;
}

/** Bytes of the two sides of all files whose contents are compared; a larger change is cut. */
const maxCompared = 16 * 1024 * 1024;
/** Files that are compared in one job. */
const atOnce = 50;
/** States in which the branch holds the newest change. */
const published = ['AwaitCi', 'ReviewGate', 'Deliver', 'Settle'];

/** The change as people look at it; null before the agent changed anything. */
export async function changeView(deps: Deps, context: RunContext, plan: Plan | null): Promise<ChangeView | null> {
  const diff = await currentDiff(deps, context, maxDiffBytes);
  if (!diff) return null;
  const files = filesOfDiff(diff.text);
  const entries = files.map(({ path }) => ({ op: 'delete' as const, path }));
  const phases = plan ? plannedPhases(plan, { base: '', entries }) : new Map<string, string | undefined>();
  const shown = files.map((file) => ({ ...file, phase: phases.get(file.path) ?? null, generated: isGenerated(file) }));
  return { of: diff.of, truncated: diff.truncated, files: await withColours(deps, shown) };
}

const maxDiffBytes = 512 * 1024;

/**
 * The newest change of a run as a unified diff: that of its branch once it is published, before that what the agent left,
 * so that people see it at every decision. Null before the agent changed anything.
 */
export async function currentDiff(
  deps: Deps,
  context: RunContext,
  maxBytes: number,
): Promise<(UnifiedDiff & { of: string }) | null> {
  const { record, host, location } = context;
  const { base, commit } = record;
  const { changeSet } = record.work;
  if (base === undefined) return null;
  const onBranch = commit !== undefined && (!changeSet || isFinal(record.status) || published.includes(record.state));
  if (onBranch) return { ...(await host.diff(location, base, commit, maxBytes)), of: commit };
  return changeSet
    ? { ...(await diffOfChange(deps, context, base, changeSet, maxBytes)), of: changeSet.manifest }
    : null;
}

/** The stored change against its base; both sides are compared where the guard reads them, with a deadline. */
async function diffOfChange(
  deps: Deps,
  { host, location }: RunContext,
  base: string,
  stored: { manifest: string; blobs: string },
  maxBytes: number,
): Promise<UnifiedDiff> {
  const change = await loadChange(deps.artifacts, stored);
  const now = blobsByPath(change);
  const tree = await host.listTree(location, base);
  const entries = change.manifest.entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const out: string[] = [];
  let [compared, size] = [0, 0];
  for (let i = 0; i < entries.length; i += atOnce) {
    const some = entries.slice(i, i + atOnce);
    const paths = some.map(({ path }) => path).filter((path) => tree.has(path) && tree.get(path)?.mode !== '160000');
    const before = await host.readFiles(location, base, paths, maxCompared);
    const pairs = some.map((entry) => pairOf(entry, tree, before, now));
    compared += pairs.reduce(
      (sum, pair) => sum + (pair.before?.bytes.length ?? 0) + (pair.after?.bytes.length ?? 0),
      0,
    );
    if (compared > maxCompared) return cut(out);
    for (const line of await deps.thread.run(diffOfFiles, pairs)) {
      size += line.length;
      if (size > maxBytes) return cut(out);
      out.push(line);
    }
  }
  return { text: textOf(out), truncated: false };
}

const cut = (lines: string[]): UnifiedDiff => ({ text: textOf(lines), truncated: true });
const textOf = (lines: string[]): string => Buffer.from(lines.join(''), 'latin1').toString();

function pairOf(
  entry: ChangeEntry,
  tree: Map<string, { mode: string; blobSha: string }>,
  before: Map<string, Uint8Array>,
  now: Map<string, Uint8Array>,
): FilePair {
  const old = tree.get(entry.path);
  const side = (mode: string, blobSha: string, bytes: Uint8Array | undefined): DiffSide => ({
    mode,
    blobSha,
    bytes: bytes ?? Buffer.from(`Subproject commit ${blobSha}\n`),
  });
  return {
    path: entry.path,
    before: old && side(old.mode, old.blobSha, before.get(entry.path)),
    after: entry.op === 'put' ? side(entry.mode, entry.blobSha, now.get(entry.path)) : undefined,
  };
}

/** Lock files are long, and the guard compares them. */
const lockFile = /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|[\w.-]+\.lock|pnpm-lock\.yaml|go\.sum)$/;
/** Lines at the beginning of a file in which a generator says so. */
const beginning = 10;

function isGenerated({ path, hunks }: FileDiff): boolean {
  const first = hunks[0]?.newStart === 1 ? hunks[0].lines.slice(0, beginning) : [];
  return (
    lockFile.test(path) ||
    looksGenerated(
      path,
      first
        .map(({ text }) => text)
        .join('\n')
        .slice(0, 2_000),
    )
  );
}
