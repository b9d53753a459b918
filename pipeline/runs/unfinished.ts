import type { Runs, UnfinishedRuns } from '../../core/ports/store/runs.ts';

/** Records per page: a request for the keys, ten for the records on AWS. */
const pageSize = 500;

/** All runs that are not final, page by page, oldest first. */
export async function* unfinishedRuns(runs: Pick<Runs, 'unfinished'>): AsyncGenerator<UnfinishedRuns> {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await runs.unfinished({ limit: pageSize, after });
    yield page;
    after = page.next;
  }
}
