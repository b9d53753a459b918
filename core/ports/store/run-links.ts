/** Which run a commit or pull request of a code host belongs to. */
export interface RunLinks {
  /** Ties `head:<commit>` or `pull:<number>` of a repository to a run; the last one counts. */
  link(repository: string, key: string, runId: string): Promise<void>;
  /** The run id of a key. */
  find(repository: string, key: string): Promise<string | undefined>;
}
