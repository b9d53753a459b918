import type { JobName } from '../ports/runtime/thread.ts';

/** One side of a changed file. Text is latin1 throughout: one character is one byte, and none is lost. */
export interface DiffSide {
  mode: string;
  blobSha: string;
  bytes: Uint8Array;
}

/** One changed file; `before` or `after` is absent if the file does not exist on that side. */
export interface FilePair {
  path: string;
  before: DiffSide | undefined;
  after: DiffSide | undefined;
}

/** Git's output for changed files, in lines of latin1. */
export const diffOfFiles: JobName<FilePair[], string[]> = { name: 'diff of the change' };

/** Lines of one side of a hunk, whose hidden characters are visible already. */
export interface Snippet {
  path: string;
  lines: string[];
}

/** HTML of each line of each snippet, with classes for colours; undefined for a snippet that has none. */
export const coloursOfLines: JobName<Snippet[], (string[] | undefined)[]> = { name: 'colours of the change' };
