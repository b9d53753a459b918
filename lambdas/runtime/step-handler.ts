import type { Comparing } from '../../adapters/github/merge/comparing.ts';
import type { Deps } from '../../pipeline/deps.ts';
import type { StepName } from '../../pipeline/payloads.ts';
import { checked, type Step } from '../../pipeline/steps/step.ts';
import { composeDeps } from './compose.ts';
import { asHandler, type Handler } from './handler.ts';

/** A step of the machine as a function. Lambda tells the machine an error by its name, and states catch those names. */
export function stepHandler<N extends StepName>(name: N, step: Step<N>, comparing?: Comparing): Handler {
  const run = checked(name, step);
  return withDeps((deps, payload) => run(deps)(payload), comparing);
}

/** Any other function that works on runs. */
export const withDeps = (work: (deps: Deps, event: unknown) => Promise<unknown>, comparing?: Comparing): Handler =>
  asHandler(async (event) => work(await composeDeps(comparing), event));
