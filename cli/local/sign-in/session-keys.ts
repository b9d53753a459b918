import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';

/** A session lives for hours, so that the key before the newest opens every one. */
const rotateMs = 24 * 3_600_000;
const kept = 2;

const stored = z.strictObject({
  /** Newest first. */
  keys: z
    .array(z.strictObject({ key: z.string().regex(/^[\w-]{43}$/), at: z.int() }))
    .min(1)
    .max(kept),
});
type Stored = z.infer<typeof stored>;

/**
 * The keys that seal the sessions of the pages, newest first, in a file that only this user may read. A new one is made
 * every day; the file outlives a restart, and with it the sessions.
 * @throws DataFolderExposed if others may read the file; FileUnreadable if it is damaged.
 */
export function sessionKeys(file: string, now: () => number): () => Promise<string[]> {
  return async () => {
    const found = read(file);
    const [newest] = found?.keys ?? [];
    const isFresh = newest !== undefined && now() - newest.at < rotateMs;
    const keys = isFresh
      ? (found?.keys ?? [])
      : [{ key: randomBytes(32).toString('base64url'), at: now() }, ...(found?.keys ?? [])].slice(0, kept);
    if (!isFresh) write(file, { keys });
    return keys.map(({ key }) => key);
  };
}

function read(file: string): Stored | undefined {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw new DrydockError('DataFolderExposed', `${file} is accessible to others.`, {
        remedy: `Delete it: people sign in again, with a new key.`,
      });
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = stored.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new DrydockError('FileUnreadable', `${file} is damaged.`, {
    remedy: 'Delete it: people sign in again, with a new key.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write(file: string, keys: Stored): void {
  const temporary = `${file}.${randomUUID()}`;
  writeFileSync(temporary, JSON.stringify(keys), { mode: 0o600 });
  renameSync(temporary, file);
}
