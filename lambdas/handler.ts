import { awsError } from '../adapters/aws/errors.ts';
import { DrydockError, viewError } from '../core/errors.ts';
import type { Deps } from '../pipeline/deps.ts';
import type { StepName } from '../pipeline/payloads.ts';
import { checked, type Step } from '../pipeline/steps/step.ts';
import { composeDeps } from './compose.ts';

/** A step of the machine as a function. Lambda tells the machine an error by its name, and states catch those names. */
export function stepHandler<N extends StepName>(name: N, step: Step<N>): (payload: unknown) => Promise<unknown> {
  const run = checked(name, step);
  return withDeps((deps, payload) => run(deps)(payload));
}

/** Any other function: what AWS throws gets a name of ours, and nothing it says but its name goes further. */
export function withDeps(work: (deps: Deps, event: unknown) => Promise<unknown>): (event: unknown) => Promise<unknown> {
  return async (event) => {
    try {
      return await work(await composeDeps(), event);
    } catch (error) {
      throw named(error);
    }
  };
}

/** What AWS could not do now is tried again by the machine; what it does not allow is a fault of the deployment. */
export function named(error: unknown): Error {
  if (error instanceof DrydockError) return error;
  return awsError(error) ?? new DrydockError('Internal', viewError(error).message, { cause: error });
}
