import type { Octokit } from '@octokit/rest';
import pLimit from 'p-limit';
import { ownerAndRepo } from '../api/access.ts';
import type { Tree } from './tree.ts';

/** What merges and diffs read of a repository. */
export interface Objects {
  /** Every file of a commit. */
  tree(commit: string): Promise<Tree>;
  /** Content of a blob by its id. */
  blob(sha: string): Promise<Uint8Array>;
}

/** Blobs read at the same time: GitHub limits what one token does at once. */
const atOnce = 4;
/** Above this (bytes), contents are told apart by their ids alone: such a file is data, and no text that somebody merges. */
export const maxText = 8 * 1024 * 1024;

/** One blob by API, as bytes. */
export async function readBlob(octokit: Octokit, repository: string, sha: string): Promise<Uint8Array> {
  const { data } = await octokit.git.getBlob({ ...ownerAndRepo(repository), file_sha: sha });
  return Buffer.from(data.content, 'base64');
}

/** Reads few blobs at a time, for all callers together. */
export function fewAtOnce(read: (sha: string) => Promise<Uint8Array>): (sha: string) => Promise<Uint8Array> {
  const limit = pLimit(atOnce);
  return (sha) => limit(() => read(sha));
}

/** Git's rule: a zero byte near the beginning. Larger than anybody reads is no text either. */
export const isBinary = (bytes: Uint8Array): boolean => bytes.length > maxText || bytes.subarray(0, 8_000).includes(0);

/** Lines with their ends, of text in which each character is one byte (latin1), so that no byte is lost. */
export const linesOf = (bytes: Uint8Array): string[] =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .match(/[^\n]*\n|[^\n]+$/g) ?? [];
