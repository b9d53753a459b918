import type { ChangeSet } from '../run/change-set.ts';
import type { EffectiveTask } from '../run/effective-task.ts';

/** Input of the guard. */
export interface GuardInput {
  change: ChangeSet;
  /** The tree at the base: mode and blob by path. */
  tree: Map<string, { mode: string; blobSha: string }>;
  /** Content at the base; undefined where there is none. */
  readBase(path: string): Promise<Uint8Array | undefined>;
  task: Pick<EffectiveTask, 'constraints' | 'protectedPaths' | 'limits'>;
  /** A person accepted that exactly this change weakens tests. */
  weakeningAccepted: boolean;
}
