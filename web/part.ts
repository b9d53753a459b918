import { DrydockError, type ErrorView, viewError } from '../core/errors.ts';

/** A part of the page that may fail (for example because a repository moved) without failing the page. */
export type Part<T> = { value: T } | { error: ErrorView };

/** A named error in one part is shown in that part; a defect fails the whole page. */
export async function part<T>(promise: Promise<T>): Promise<Part<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof DrydockError && error.name !== 'Internal') return { error: viewError(error) };
    throw error;
  }
}
