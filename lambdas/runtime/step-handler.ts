import type { Deps } from '../../pipeline/deps.ts';
import type { StepName } from '../../pipeline/payloads.ts';
import { checked, type Step } from '../../pipeline/steps/step.ts';
import { type Carried, composeDeps } from './compose.ts';
import { asHandler, type Handler } from './handler.ts';

/** A step of the machine as a function. Lambda tells the machine an error by its name, and states catch those names. */
export function stepHandler<N extends StepName>(name: N, step: Step<N>, carried?: Carried): Handler {
  const run = checked(name, step);
  return withDeps((deps, payload) => run(deps)(payload), carried);
}

/** Any other function that works on runs. */
export const withDeps = (work: (deps: Deps, event: unknown) => Promise<unknown>, carried?: Carried): Handler =>
  asHandler(async (event) => work(await composeDeps(carried), event));
