import type { Inner } from '../commands/spawn-inner.ts';
import type { Tail } from '../commands/tail.ts';

/** A service that was started: by the runner, or as a container by whoever started the sandbox. */
export interface Running {
  name: string;
  /** Its command or its image, for people. */
  command: string;
  /** Of a command. */
  inner?: Inner;
  tail: Tail;
  start: number;
  /** Exit code of a command, once it has ended. */
  ended: { code: number | null } | undefined;
}
