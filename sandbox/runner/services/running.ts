import type { Inner } from '../commands/spawn-inner.ts';
import type { Tail } from '../commands/tail.ts';
import type { Folders } from '../workspace/folders.ts';

/** A service that was started. */
export interface Running {
  name: string;
  command: string;
  inner: Inner;
  folders: Folders;
  env: Record<string, string>;
  tail: Tail;
  start: number;
  /** Exit code, once it has ended. */
  ended: { code: number | null } | undefined;
}
