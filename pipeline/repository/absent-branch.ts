import { DrydockError } from '../../core/errors.ts';

/**
 * Serves `.catch()` of a host's `resolve`: `undefined` for a branch that does not exist, every other error as it is.
 */
export function absentBranch(error: unknown): undefined {
  if (error instanceof DrydockError && error.name === 'PolicyRefused') return undefined;
  throw error;
}
