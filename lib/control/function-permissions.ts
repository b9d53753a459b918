import type { FunctionName } from '../names.ts';

/**
 * The permissions that a function can need.
 * - `run`: reads the run's record and the artifacts it refers to; `record`: changes the record and adds events
 * - `seen`: the seen specs and commits of a repository
 * - `keep`: adds artifacts; `gates`: waits for people and for phases
 * - `host`: the code host, with storage of minted tokens for their revocation; `revoke`: revokes them
 * - `money`: reservations, calls, and slots of concurrent runs; `leave`: gives up a position in the queue
 * - `tokens`: encrypts or decrypts task tokens; `answer`: answers a waiting state
 * - `launch`: starts the two tasks of a phase; `stop`: stops them; `collect`: reads their outputs
 * - `tell`: brings to running agents what people say
 * - `announce`: has people told, over the queue; `notify`: sends messages; `policy`: reads the operator's current policy
 * - `ages`: reads when secrets were changed, without their values
 * - `start`: starts executions; `inspect`: reads their state; `list`: finds runs without their ids;
 *   `unfinished`: finds those that have not ended, `survey`: with their gates and executions
 * - `broker`, `receive`, `work`, `rotate`, `pages`, `diagnose`, `setup`: permissions of that one function
 */
export type Need =
  | 'run'
  | 'record'
  | 'seen'
  | 'keep'
  | 'gates'
  | 'host'
  | 'revoke'
  | 'money'
  | 'leave'
  | 'tokens'
  | 'answer'
  | 'launch'
  | 'stop'
  | 'collect'
  | 'tell'
  | 'notify'
  | 'announce'
  | 'policy'
  | 'ages'
  | 'start'
  | 'inspect'
  | 'list'
  | 'unfinished'
  | 'survey'
  | 'broker'
  | 'receive'
  | 'work'
  | 'diagnose'
  | 'setup'
  | 'rotate'
  | 'pages';

const step: Need[] = ['run', 'record'];
const answering: Need[] = [...step, 'gates', 'tokens', 'answer'];
const gate: Need[] = [...answering, 'host', 'announce'];
const base: Need[] = [...answering, 'host', 'money', 'stop'];
const phase: Need[] = [...step, 'gates', 'host', 'money', 'tokens', 'launch', 'stop'];

export const needs: Record<FunctionName, readonly Need[]> = {
  validate: ['run'],
  estimate: [...step, 'keep'],
  // It ends the run that it supersedes: it answers that run's gates and stops its phases.
  claim: base,
  reserve: [...step, 'money', 'leave', 'announce'],
  queue: [...answering, 'money', 'leave', 'announce'],
  plan: phase,
  'plan-gate': gate,
  // It starts the runs of parts, and stops one that the stop of its campaign did not find.
  dispatch: [...base, 'keep', 'start'],
  integrate: [...step, 'host', 'keep'],
  build: phase,
  'checkpoint-gate': gate,
  // A change that the guard refuses is answered without a sandbox.
  verify: [...phase, 'keep', 'answer'],
  'ask-human': gate,
  // The write token is minted for one change and revoked after it.
  publish: [...step, 'host', 'revoke', 'keep'],
  'await-ci': [...gate, 'keep'],
  'review-gate': [...gate, 'keep'],
  deliver: [...step, 'host', 'revoke', 'announce'],
  settle: [...base, 'revoke', 'leave', 'announce'],
  'settle-phase': [...base, 'keep', 'collect'],
  'settle-run': [...base, 'revoke', 'leave', 'announce'],
  // It makes up for any lost event.
  reconcile: [
    ...base,
    ...(['revoke', 'leave', 'seen', 'keep', 'launch', 'collect'] as const),
    ...(['notify', 'policy', 'ages', 'start', 'inspect', 'unfinished', 'survey'] as const),
  ],
  broker: ['broker'],
  webhook: ['receive'],
  operate: [...base, 'keep', 'tell', 'leave', 'policy', 'start', 'inspect', 'list', 'unfinished'],
  diagnose: ['diagnose', 'policy'],
  setup: ['setup'],
  'webhook-worker': [...base, 'seen', 'keep', 'tell', 'notify', 'policy', 'start', 'work'],
  rotate: ['rotate'],
  // Everything that a person can do on the pages: decide, cancel, retry, pause.
  pages: [...base, 'keep', 'tell', 'leave', 'policy', 'start', 'inspect', 'list', 'unfinished', 'pages'],
};
