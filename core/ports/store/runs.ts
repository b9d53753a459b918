import type { StoredChain } from '../../audit/chain.ts';
import type { RunEvent, RunRecord } from '../../run/record.ts';
import type { RunStatus } from '../../run/status.ts';

/** One page of the runs that are not final. */
export interface UnfinishedRuns {
  runs: RunRecord[];
  /** Ids of runs on this page whose record cannot be read; one such record does not hide the others. */
  unreadable: string[];
  /** Where the next page starts; absent after the last page. */
  next?: string;
}

/** Which runs a page of the list has; a filter that is left out admits all. */
export interface RunQuery {
  repository?: string | undefined;
  team?: string | undefined;
  /** Person id of the requester. */
  by?: string | undefined;
  statuses?: readonly RunStatus[] | undefined;
  /** Found in task id, title, repository, requester, branch and run id, whatever the case. */
  text?: string | undefined;
  /** Also the runs that are parts of a campaign, which are shown with it otherwise. */
  parts?: boolean | undefined;
  /** Only runs of these teams, and those that this person requested. */
  scope?: { teams: readonly string[]; person: string } | undefined;
  /** `next` of the page before. */
  before?: string | undefined;
  limit: number;
}

/** A page of the list of runs, newest first. */
export interface RunPage {
  runs: RunRecord[];
  /** Ids of runs on this page whose record cannot be read. */
  unreadable: string[];
  /** Where the next page starts; absent after the last one. */
  next?: string;
  /** Runs by status among all that match the other filters, where the store can count them. */
  counts?: Partial<Record<RunStatus, number>>;
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
  /** A page of the list, whose cost does not depend on the number of runs. A page may be short, and still not the last. */
  page(query: RunQuery): Promise<RunPage>;
  byTask(repository: string, taskId: string): Promise<RunRecord[]>;
  /**
   * Records an event once per key, as the next line of the chain of the run.
   * @param runId Or the name of the deployment's chain, of which only the newest keys are compared.
   */
  append(runId: string, event: RunEvent): Promise<void>;
  /** The chain of a run, or of the deployment, as it is stored, for its check. */
  chain(runId: string): Promise<StoredChain>;
  /** Oldest first. */
  events(runId: string): Promise<RunEvent[]>;
}
