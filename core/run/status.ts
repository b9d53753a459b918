import { type ErrorView, errorKinds, isErrorName } from '../errors.ts';

/** Status of a run: the first three are unfinished; the others are final and never change again. */
export const unfinishedStatuses = ['running', 'waiting', 'queued'] as const;
export const finalStatuses = [
  'delivered',
  'rejected',
  'failed',
  'cancelled',
  'superseded',
  'duplicate',
  'dry-run',
  'over-budget',
] as const;
export type RunStatus = (typeof unfinishedStatuses)[number] | (typeof finalStatuses)[number];

export const isFinal = (status: RunStatus): boolean => (finalStatuses as readonly string[]).includes(status);

/**
 * Exit code of a command that ends with a run in this status. The error decides for a run that did not deliver; an
 * error that ends a command with 2 (no run was started) ends a run with 1.
 */
export function exitCodeOf(status: RunStatus, error?: Pick<ErrorView, 'name'> | null): 0 | 1 | 3 | 4 | 5 {
  switch (status) {
    case 'delivered':
    case 'duplicate':
    case 'dry-run':
      return 0;
    case 'over-budget':
      return 3;
    case 'waiting':
    case 'queued':
    case 'running':
      return 5;
    default: {
      const { exit } = error && isErrorName(error.name) ? errorKinds[error.name] : errorKinds.Internal;
      return exit === 2 ? 1 : exit;
    }
  }
}
