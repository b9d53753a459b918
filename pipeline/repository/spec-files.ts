import { posix } from 'node:path';
import { defined } from '../../core/defined.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import { runbookFolder } from '../../core/runbook/record.ts';
import { maxFileBytes } from '../../core/task-spec/text.ts';

/** A spec in a commit. */
export interface SpecFile {
  path: string;
  /** Git blob id. */
  blob: string;
  /** Its size, if the host tells it. */
  bytes?: number;
}

const folder = '.agent-tasks/';
const extension = /\.(?:ya?ml|md)$/i;
/** Documents in the folder that are not specs. */
const notes = /^(?:readme|contributing|changelog)\.md$/i;

/**
 * The specs of a commit, sorted by path: regular files under `.agent-tasks/`. Read from the tree, because a host
 * truncates and reorders the commit list of a push.
 */
export const specsAt = async (host: CodeHost, location: string, commit: string): Promise<SpecFile[]> =>
  filesIn(await host.listTree(location, commit), isSpec);

/** What people review below the folder, by kind. */
export function reviewedFiles(tree: Tree): { specs: SpecFile[]; lessons: SpecFile[]; runbooks: SpecFile[] } {
  const below = (folder: string) => (path: string) => path.startsWith(folder) && isRecord(path.slice(folder.length));
  return {
    specs: filesIn(tree, isSpec),
    lessons: filesIn(tree, below(lessonFolder)),
    runbooks: filesIn(tree, below(runbookFolder)),
  };
}

type Tree = Awaited<ReturnType<CodeHost['listTree']>>;

const filesIn = (tree: Tree, isMeant: (path: string) => boolean): SpecFile[] =>
  [...tree]
    .filter(([path, entry]) => isMeant(path) && (entry.mode === '100644' || entry.mode === '100755'))
    .map(([path, { blobSha: blob, bytes }]) => ({ path, blob, ...defined({ bytes }) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));

/** Whether a file of that name is a lesson or a runbook. Only the README in their folders is neither. */
const isRecord = (name: string): boolean => /^[^/]+\.md$/.test(name) && name.toLowerCase() !== 'readme.md';

/** The content of a spec; a text with the reason for one that is larger than any spec, or cannot be read. */
export async function readSpecFile(
  host: CodeHost,
  location: string,
  commit: string,
  { path, bytes = 0 }: SpecFile,
): Promise<Uint8Array | string> {
  if (bytes > maxFileBytes) return `The file has ${bytes} bytes; the limit is ${maxFileBytes}.`;
  return (await host.readFile(location, commit, path)) ?? 'The file cannot be read.';
}

/** Folders in it whose files are not specs. */
const others = [runbookFolder, lessonFolder];

const isSpec = (path: string): boolean =>
  path.startsWith(folder) &&
  !others.some((other) => path.startsWith(other)) &&
  extension.test(path) &&
  !notes.test(posix.basename(path));
