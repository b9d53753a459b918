import type { Deps } from '../deps.ts';
import { payloads, type StepInput, type StepName, type StepOutput } from '../payloads.ts';

/** A step of the state machine. It does not know which engine calls it (law 1). */
export type Step<N extends StepName> = (deps: Deps) => (input: StepInput<N>) => Promise<StepOutput<N>>;

/** A step whose input and output are checked against the payload schemas. */
export function checked<N extends StepName>(
  name: N,
  step: Step<N>,
): (deps: Deps) => (payload: unknown) => Promise<unknown> {
  const { input, output } = payloads[name];
  return (deps) => async (payload) => output.parse(await step(deps)(input.parse(payload) as StepInput<N>));
}
