/** Specs already seen in a repository on a code host. A push starts only specs that are not among them. */
export interface SeenSpecs {
  /** Git blob ids of the specs that were started, refused, or present before Drydock was. */
  blobs(repository: string): Promise<Set<string>>;
  /** Records a blob once; `note` is its result. */
  remember(repository: string, blob: string, note: string): Promise<void>;
  /** Whether the baseline import of the repository is done: the specs that were there before are recorded. */
  imported(repository: string): Promise<boolean>;
  /** Marks the baseline import as done. */
  markImported(repository: string): Promise<void>;
}
