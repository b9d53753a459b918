import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createKeyedMutex } from '../../core/concurrency/keyed-mutex.ts';
import type { PullRequestRef, PullRequestRequest } from '../../core/ports/host/code-host.ts';
import { code, escapeMarkdown } from '../../core/publish/escape.ts';

interface PullRequestRecord extends PullRequestRequest {
  id: string;
  draft: boolean;
}

/**
 * Stores pull requests as files, for a host without them: a folder per repository, per branch a file with the data, and
 * one that people read. For one process.
 */
export function createPullRequests(folder: string) {
  const folderOf = (repository: string) =>
    join(folder, createHash('sha256').update(repository).digest('hex').slice(0, 16));
  const fileOf = (repository: string, branch: string) =>
    join(folderOf(repository), `${encodeURIComponent(branch)}.json`);
  /** What people open: its name has no character that an address encodes. */
  const pageOf = ({ repository, id }: PullRequestRecord) => join(folderOf(repository), `${id}.md`);

  const read = async (repository: string, branch: string): Promise<PullRequestRecord | undefined> => {
    const text = await readFile(fileOf(repository, branch), 'utf8').catch(absent);
    return text === undefined ? undefined : (JSON.parse(text) as PullRequestRecord);
  };
  const write = async (record: PullRequestRecord): Promise<PullRequestRef> => {
    const file = fileOf(record.repository, record.branch);
    await mkdir(folderOf(record.repository), { recursive: true });
    const temporary = `${file}.${randomUUID()}`;
    await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
    await rename(temporary, file);
    const page = pageOf(record);
    const text = `${page}.${randomUUID()}`;
    await writeFile(text, pageText(record));
    await rename(text, page);
    return refOf(record);
  };

  const all = async (repository: string): Promise<PullRequestRecord[]> => {
    const names = (await readdir(folderOf(repository)).catch(absent)) ?? [];
    const branches = names
      .filter((name) => name.endsWith('.json'))
      .map((name) => decodeURIComponent(name.slice(0, -5)));
    const records = await Promise.all(branches.map((branch) => read(repository, branch)));
    return records.filter((record) => record !== undefined);
  };

  /** Makes read and write one step, so that concurrent requests see each other's changes. */
  const inTurn = createKeyedMutex();

  const refOf = (record: PullRequestRecord): PullRequestRef => ({
    id: record.id,
    url: pathToFileURL(pageOf(record)).href,
    draft: record.draft,
  });

  return {
    async read(repository: string, branch: string): Promise<(PullRequestRecord & PullRequestRef) | undefined> {
      const record = await read(repository, branch);
      return record && { ...record, ...refOf(record) };
    },
    open: (request: PullRequestRequest): Promise<PullRequestRef> =>
      inTurn('records', async () => {
        const existing = await read(request.repository, request.branch);
        const id = existing?.id ?? String(Math.max(0, ...(await all(request.repository)).map((r) => Number(r.id))) + 1);
        return write({ ...request, id, draft: existing?.draft ?? true });
      }),
    markReady: (repository: string, id: string): Promise<void> =>
      inTurn('records', async () => {
        const record = (await all(repository)).find((candidate) => candidate.id === id);
        if (record?.draft) await write({ ...record, draft: false });
      }),
  };
}

/** A pull request as a file of Markdown. */
const pageText = ({ title, branch, target, head, draft, body }: PullRequestRecord): string =>
  [
    `# ${escapeMarkdown(title)}`,
    `${draft ? 'Draft' : 'Ready'}: ${code(branch)} into ${code(target)}, at ${code(head.slice(0, 12))}.`,
    body,
  ]
    .join('\n\n')
    .concat('\n');

const absent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};
