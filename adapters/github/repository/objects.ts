import type { Octokit } from '@octokit/rest';
import pLimit from 'p-limit';
import { ownerAndRepo } from '../api/access.ts';
import type { Tree } from './tree.ts';

/** The repository contents that merges and diffs read. */
export interface Objects {
  /** Every file of a commit. */
  tree(commit: string): Promise<Tree>;
  /** Content of a blob by its id. */
  blob(sha: string): Promise<Uint8Array>;
}

/** Blobs that are read concurrently: GitHub limits concurrent requests per token. */
const atOnce = 4;
/** Bytes. Larger contents are compared by id only and count as binary: nobody merges such a file by line. */
export const maxText = 8 * 1024 * 1024;

/** The content of one blob, read by API. */
export async function readBlob(octokit: Octokit, repository: string, sha: string): Promise<Uint8Array> {
  const { data } = await octokit.git.getBlob({ ...ownerAndRepo(repository), file_sha: sha });
  return Buffer.from(data.content, 'base64');
}

/** Limits concurrent reads, over all callers of the returned function. */
export function limitConcurrency(read: (sha: string) => Promise<Uint8Array>): (sha: string) => Promise<Uint8Array> {
  const limit = pLimit(atOnce);
  return (sha) => limit(() => read(sha));
}

/** Git's rule for binary content, a zero byte near the beginning; files above `maxText` count as binary too. */
export const isBinary = (bytes: Uint8Array): boolean => bytes.length > maxText || bytes.subarray(0, 8_000).includes(0);

/** Lines with their line ends, decoded as latin1: each byte is one character, so no byte is lost. */
export function linesOf(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed + 1;
    lines.push(text.slice(at, end));
    at = end;
  }
  return lines;
}
