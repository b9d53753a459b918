import type { Construct } from 'constructs';
import { DrydockError, type ErrorName } from '../../core/errors.ts';

/** An error of a prop, with the path of the construct in the consumer's tree. */
export const propError = (scope: Construct, name: ErrorName, message: string): DrydockError =>
  new DrydockError(name, `${scope.node.path}: ${message}`, { remedy: 'Correct the prop of that construct.' });
