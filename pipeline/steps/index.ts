import type { Deps } from '../deps.ts';
import type { StepName } from '../payloads.ts';
import { dispatch } from './campaign/dispatch.ts';
import { integrate } from './campaign/integrate.ts';
import { claim } from './intake/claim.ts';
import { estimate } from './intake/estimate.ts';
import { queue } from './intake/queue.ts';
import { reserve } from './intake/reserve.ts';
import { validate } from './intake/validate.ts';
import { askHuman } from './people/ask-human.ts';
import { checkpointGate } from './people/checkpoint-gate.ts';
import { planGate } from './people/plan-gate.ts';
import { reviewGate } from './people/review-gate.ts';
import { awaitCi } from './result/await-ci.ts';
import { deliver } from './result/deliver.ts';
import { publish } from './result/publish.ts';
import { settle } from './result/settle.ts';
import { checked } from './step.ts';
import { build } from './work/build.ts';
import { plan } from './work/plan.ts';
import { verify } from './work/verify.ts';

type Handler = (payload: unknown) => Promise<unknown>;

/** All steps, by their names in the state machine, with checked input and output. */
export const steps = {
  validate: checked('validate', validate),
  estimate: checked('estimate', estimate),
  claim: checked('claim', claim),
  reserve: checked('reserve', reserve),
  queue: checked('queue', queue),
  plan: checked('plan', plan),
  'plan-gate': checked('plan-gate', planGate),
  dispatch: checked('dispatch', dispatch),
  integrate: checked('integrate', integrate),
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
