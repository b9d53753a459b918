import type { Deps } from '../deps.ts';
import type { StepName } from '../payloads.ts';
import { askHuman } from './ask-human.ts';
import { awaitCi } from './await-ci.ts';
import { build } from './build.ts';
import { checkpointGate } from './checkpoint-gate.ts';
import { claim } from './claim.ts';
import { deliver } from './deliver.ts';
import { estimate } from './estimate.ts';
import { plan } from './plan.ts';
import { planGate } from './plan-gate.ts';
import { publish } from './publish.ts';
import { queue } from './queue.ts';
import { reserve } from './reserve.ts';
import { reviewGate } from './review-gate.ts';
import { settle } from './settle.ts';
import { checked } from './step.ts';
import { validate } from './validate.ts';
import { verify } from './verify.ts';

type Handler = (payload: unknown) => Promise<unknown>;

/** Every step by the name the machine calls it, its payload checked on both sides. */
export const steps = {
  validate: checked('validate', validate),
  estimate: checked('estimate', estimate),
  claim: checked('claim', claim),
  reserve: checked('reserve', reserve),
  queue: checked('queue', queue),
  plan: checked('plan', plan),
  'plan-gate': checked('plan-gate', planGate),
  build: checked('build', build),
  'checkpoint-gate': checked('checkpoint-gate', checkpointGate),
  verify: checked('verify', verify),
  'ask-human': checked('ask-human', askHuman),
  publish: checked('publish', publish),
  'await-ci': checked('await-ci', awaitCi),
  'review-gate': checked('review-gate', reviewGate),
  deliver: checked('deliver', deliver),
  settle: checked('settle', settle),
} satisfies Record<StepName, (deps: Deps) => Handler>;
