import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullRequestRef, PullRequestRequest } from '../../core/ports.ts';

export interface PullRequestRecord extends PullRequestRequest {
  id: string;
  draft: boolean;
}

/** A host without pull requests keeps them as files: one folder per repository, one file per branch. */
export function createPullRequests(folder: string) {
  const place = (repository: string) =>
    join(folder, createHash('sha256').update(repository).digest('hex').slice(0, 16));
  const fileOf = (repository: string, branch: string) => join(place(repository), `${encodeURIComponent(branch)}.json`);

  const read = async (repository: string, branch: string): Promise<PullRequestRecord | undefined> => {
    const text = await readFile(fileOf(repository, branch), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as PullRequestRecord);
  };
  const write = async (record: PullRequestRecord): Promise<PullRequestRef> => {
    const file = fileOf(record.repository, record.branch);
    await mkdir(place(record.repository), { recursive: true });
    await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
    await rename(`${file}.new`, file);
    return refOf(record);
  };

  const refOf = (record: PullRequestRecord): PullRequestRef => ({
    id: record.id,
    url: `file://${fileOf(record.repository, record.branch)}`,
    draft: record.draft,
  });

  return {
    async read(repository: string, branch: string): Promise<(PullRequestRecord & PullRequestRef) | undefined> {
      const record = await read(repository, branch);
      return record && { ...record, ...refOf(record) };
    },
    async open(request: PullRequestRequest): Promise<PullRequestRef> {
      const there = await read(request.repository, request.branch);
      const others = await readdir(place(request.repository)).catch(() => []);
      const id = there?.id ?? String(others.filter((name) => name.endsWith('.json')).length + 1);
      return write({ ...request, id, draft: there?.draft ?? true });
    },
    async markReady(repository: string, id: string): Promise<void> {
      for (const name of await readdir(place(repository)).catch(() => [])) {
        if (!name.endsWith('.json')) continue;
        const record = await read(repository, decodeURIComponent(name.slice(0, -'.json'.length)));
        if (record?.id === id && record.draft) await write({ ...record, draft: false });
      }
    },
  };
}
