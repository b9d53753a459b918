import type { RunEvent, RunRecord } from '../../run/record.ts';

/** One page of the runs that are not final. */
export interface UnfinishedRuns {
  runs: RunRecord[];
  /** Ids of runs on this page whose record cannot be read; one such record does not hide the others. */
  unreadable: string[];
  /** Where the next page starts; absent after the last page. */
  next?: string;
}

export interface Runs {
  /** Puts a record that does not exist yet. @throws AlreadyClaimed when it does. */
  create(record: RunRecord): Promise<void>;
  get(runId: string): Promise<RunRecord | undefined>;
  /**
   * Reads, changes and writes a record under its optimistic lock; repeated when another writer was faster. The change
   * may run several times and returns undefined to leave the record as it is. @throws RunNotFound.
   */
  update(runId: string, change: (record: RunRecord) => RunRecord | undefined): Promise<RunRecord>;
  /**
   * Pages over the runs that are not final, oldest first, however many ended runs there are. A run that starts or ends
   * meanwhile may be on a page or not; every other unfinished run is on exactly one.
   * @param page `after`: `next` of the page before.
   */
  unfinished(page: { limit: number; after?: string | undefined }): Promise<UnfinishedRuns>;
  /** Newest first. */
  list(limit?: number): Promise<RunRecord[]>;
  byTask(repository: string, taskId: string): Promise<RunRecord[]>;
  /** Records an event once per key. */
  append(runId: string, event: RunEvent): Promise<void>;
  /** Oldest first. */
  events(runId: string): Promise<RunEvent[]>;
}
