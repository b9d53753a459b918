import type { Construct } from 'constructs';
import { DrydockError, type ErrorName } from '../../core/errors.ts';

/** An error of a prop says which construct of the consumer's tree it is about. */
export const propError = (scope: Construct, name: ErrorName, message: string): DrydockError =>
  new DrydockError(name, `${scope.node.path}: ${message}`, { remedy: 'Correct the prop of that construct.' });
