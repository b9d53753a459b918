import { blobsByPath, type ChangeEntry } from '../../run/change-set.ts';
import { type GuardInput, textOf } from '../input.ts';
import { pathMatcher } from '../paths.ts';
import { actsOnTests } from './acts-on-tests.ts';
import { type FileKind, isLockFile, kindOf, meaning } from './file-kinds.ts';
import { compareLines, type LineChange } from './lines.ts';
import { actingLines, actionsOf, lockSurprise } from './manifests.ts';
import { notPortable } from './portable-name.ts';
import { mayBeUnreadable, unreadablePlaces } from './unreadable.ts';

/** A place of a change that the approver sees before all others. */
export interface ShownFirst {
  rule: FileKind | 'SuspiciousText';
  path: string;
  /** 1-based, in the new version; of a deleted file in the old one. */
  line: number;
  message: string;
  /** The spec names the file, so that it was reviewed that it may change; otherwise no automatic vote approves it. */
  named: boolean;
}

type Input = Pick<GuardInput, 'change' | 'base'> & { task: Pick<GuardInput['task'], 'constraints'> };

/** Bytes. A larger file is named without being compared. */
const maxCompared = 1024 * 1024;

/** Whether the earlier content of a path is compared. */
export const mayBeShownFirst = (path: string): boolean =>
  kindOf(path) !== undefined ||
  isLockFile(path) ||
  isManifest(path) ||
  actingLines(path, '') !== undefined ||
  isRust(path) ||
  mayBeUnreadable(path) ||
  notPortable(path) !== undefined;

const isManifest = (path: string): boolean => /(?:^|\/)(?:package|composer)\.json$/.test(path);
const isRust = (path: string): boolean => path.endsWith('.rs');

/**
 * What text can tell about changes that act elsewhere than they seem to (R45): changed lines of existing tests, settings
 * of tests and builds, CI, instructions of agents, installations, machines. It judges no meaning: an approver does.
 */
export function shownFirst({ change, base, task }: Input): ShownFirst[] {
  const contents = blobsByPath(change);
  const places: Omit<ShownFirst, 'named'>[] = [];
  const { entries } = change.manifest;
  places.push(...unreadablePlaces(entries, contents, base));
  const hasManifest = entries.some(({ path }) => isManifest(path) || isOtherManifest(path));
  for (const entry of entries) {
    const { path } = entry;
    const rule = ruleOf(path);
    const name = entry.op === 'put' && !base.has(path) ? notPortable(path) : undefined;
    if (name !== undefined)
      places.push({ rule: 'NameNotPortable', path, line: 1, message: `${name}: ${meaning.NameNotPortable}` });
    const seen = rule && seenIn(entry, rule, base.get(path), contents.get(path));
    if (seen) places.push({ rule, path, ...seen });
    else if (isLockFile(path) && !hasManifest)
      places.push({
        rule: 'InstallationChanged',
        path,
        line: 1,
        message: `changes, and no manifest does: ${meaning.InstallationChanged}`,
      });
  }
  const names = naming(task.constraints.targetPaths);
  return places
    .map((place) => ({ ...place, named: names(place) }))
    .sort((a, b) => Number(a.named) - Number(b.named) || order(a) - order(b) || (a.path < b.path ? -1 : 1));
}

/**
 * Whether the spec names a file among those that may change. A pattern names tests if it begins with a folder, as
 * `test/**` does; every other kind of file only by its whole path, because a pattern may cover one by chance.
 */
function naming(patterns: string[]): (place: Pick<ShownFirst, 'rule' | 'path'>) => boolean {
  const exact = pathMatcher(patterns.filter((pattern) => !/[*?[\]{}()!]/.test(pattern)));
  const below = pathMatcher(patterns.filter((pattern) => /^[^*?[\]{}()!]/.test(pattern)));
  return ({ rule, path }) =>
    (rule === 'TestsChanged' || rule === 'ExpectedResultsChanged' ? below(path) : undefined) !== undefined ||
    (rule !== 'NameNotPortable' && exact(path)?.replace(/^\.\//, '') === path);
}

const ruleOf = (path: string): FileKind | undefined => {
  const kind = kindOf(path);
  if (kind) return kind;
  if (isLockFile(path) || isManifest(path)) return 'InstallationChanged';
  if (actingLines(path, '') !== undefined) return 'TestSettingsChanged';
  return isRust(path) ? 'TestsChanged' : undefined;
};

type Seen = Pick<ShownFirst, 'line' | 'message'>;

/** Where and how an entry matters; undefined if it does not. */
function seenIn(
  entry: ChangeEntry,
  rule: FileKind,
  was: Uint8Array | undefined,
  is: Uint8Array | undefined,
): Seen | undefined {
  const { path } = entry;
  const says = (line: number, what: string): Seen => ({ line, message: `${what}: ${meaning[rule]}` });
  const isPlainRust = kindOf(path) === undefined && isRust(path);
  if (entry.op === 'delete') {
    const matters = was && !isLockFile(path) && (!isPlainRust || testsOfRust(textOf(was)).line > 0);
    return matters ? says(1, 'is deleted') : undefined;
  }
  if (entry.mode === '120000') return says(1, 'is a link');
  const cannotCompare = [was, is].some((bytes) => (bytes?.length ?? 0) > maxCompared || bytes?.includes(0));
  if (cannotCompare && was) return says(1, 'is too large or not text, and was not compared');
  const [before, after] = [textOf(was), textOf(is)];
  if (isLockFile(path)) {
    const surprise = lockSurprise(before, after);
    return surprise && says(surprise.line, surprise.what);
  }
  if (isPlainRust) {
    const [old, now] = [testsOfRust(before), testsOfRust(after)];
    const seen = old.line === 0 ? undefined : ofTests(compareLines(old.text, now.text), says);
    return seen && { ...seen, line: seen.line + Math.max(0, now.line - 1) };
  }
  const change = compareLines(before, after);
  if (!change) return undefined;
  if (kindOf(path) === undefined) {
    const acting = isManifest(path) ? actionsOf : (text: string) => actingLines(path, text);
    return acting(before) === acting(after) ? undefined : says(change.line, 'changes');
  }
  if (rule !== 'TestsChanged' && rule !== 'ExpectedResultsChanged')
    return says(change.line, was ? 'changes' : 'is new');
  // New mocks replace modules of existing tests; other new files only add to them.
  if (!was) return /(?:^|\/)__mocks__\//.test(path) ? says(1, 'is new') : undefined;
  return rule === 'TestsChanged' || change.existing > 0 ? ofTests(change, says) : undefined;
}

/** Changed lines of existing tests, or added lines that act on them. */
function ofTests(change: LineChange | undefined, says: (line: number, what: string) => Seen): Seen | undefined {
  if (!change) return undefined;
  if (change.existing > 0) {
    const lines = change.existing === 1 ? '1 existing line is' : `${change.existing} existing lines are`;
    return says(change.line, `${lines} changed, moved or gone`);
  }
  const run = change.added.find(({ lines }) => actsOnTests(lines));
  return run && says(run.line, 'has new lines that act on existing ones');
}

/** The text from the first test beside the code of a Rust file, and its line; line 0 if there is none. */
function testsOfRust(text: string): { line: number; text: string } {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => /#\[(?:cfg\(test\)|(?:\w{1,40}::)?test\b)/.test(line));
  return { line: at + 1, text: at < 0 ? '' : lines.slice(at).join('\n') };
}

const isOtherManifest = (path: string): boolean =>
  /(?:^|\/)(?:pyproject\.toml|Pipfile|Cargo\.toml|go\.mod|Gemfile|mix\.exs|requirements[^/]*|pnpm-workspace\.yaml|deno\.jsonc?|pubspec\.yaml|Podfile|[^/]+\.(?:gradle|gradle\.kts|csproj))$/.test(
    path,
  );

/** The most telling kinds first. */
const kinds: FileKind[] = [
  'TestsChanged',
  'TestSettingsChanged',
  'CiChanged',
  'InstallationChanged',
  'AgentInstructionsChanged',
  'MachineSettingsChanged',
  'BinaryChanged',
  'GeneratedChanged',
  'ExpectedResultsChanged',
  'NameNotPortable',
];
const order = ({ rule }: ShownFirst): number => kinds.indexOf(rule as FileKind);

/** Nobody reads more lines than this. */
const maxLines = 100;

/** One line for each place. Paths and messages are untrusted text. */
export function formatShownFirst(found: ShownFirst[]): string {
  const lines = found
    .slice(0, maxLines)
    .map(
      ({ rule, path, line, message, named }) =>
        `${rule}: ${path}:${line}: ${message}${named ? ' (the spec names this file)' : ''}`,
    );
  return [...lines, ...(found.length > maxLines ? [`and ${found.length - maxLines} more`] : [])].join('\n');
}
