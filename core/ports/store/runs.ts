import type { RunEvent, RunRecord } from '../../run/record.ts';

export interface Runs {
  /** Puts a record that does not exist yet. @throws AlreadyClaimed when it does. */
  create(record: RunRecord): Promise<void>;
  get(runId: string): Promise<RunRecord | undefined>;
  /**
   * Reads, changes and writes a record under its optimistic lock; repeated when another writer was faster. The change
   * may run several times and returns undefined to leave the record as it is. @throws RunNotFound.
   */
  update(runId: string, change: (record: RunRecord) => RunRecord | undefined): Promise<RunRecord>;
  /** Newest first. */
  list(limit?: number): Promise<RunRecord[]>;
  byTask(repository: string, taskId: string): Promise<RunRecord[]>;
  /** Records an event once per key. */
  append(runId: string, event: RunEvent): Promise<void>;
  /** Oldest first. */
  events(runId: string): Promise<RunEvent[]>;
}
