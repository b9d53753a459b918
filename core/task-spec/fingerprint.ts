import { createHash } from 'node:crypto';

/** Git's id of a file's content: SHA-1 over `blob <bytes>\0` and the bytes; 40 hex. */
export const gitBlobSha = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/**
 * Key of a run: the same spec at the same attempt has the same key, however often it is delivered (R11). SHA-256 over
 * the parts, 64 hex digits. Each part is preceded by its length, so that different lists never give the same input.
 * @param attempt counted from 1
 */
export function runKey(repositoryId: string, taskId: string, specBlobSha: string, attempt: number): string {
  const hash = createHash('sha256');
  for (const part of [repositoryId, taskId, specBlobSha, String(attempt)]) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.digest('hex');
}

/** Run id, execution name and trailer: `r-` and 40 hex. */
export const runIdOf = (key: string): string => `r-${key.slice(0, 40)}`;

/** Branch of a run: `<prefix>-<8 hex>`. */
export const branchOf = (prefix: string, key: string): string => `${prefix}-${key.slice(0, 8)}`;
