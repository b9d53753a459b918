import type { FunctionName } from '../names.ts';

/**
 * What a function needs.
 * - `run`: reads the run's record and what it refers to among the artifacts; `record`: changes it and adds events
 * - `seen`: the known specs and commits of a repository
 * - `keep`: adds artifacts; `gates`: what waits, for people and for phases
 * - `host`: the code host; what is minted for it is remembered, so that it is revoked: `revoke`
 * - `money`: reservations, calls, places among the concurrent runs; `leave`: gives a place in the queue up
 * - `tokens`: seals or opens task tokens; `answer`: answers a waiting state
 * - `launch`: starts the two tasks of a phase; `stop`: ends them; `collect`: takes what they left
 * - `notify`: tells people; `policy`: reads the operator's policy as it is now
 * - `ages`: sees when secrets were changed, not what they are
 * - `start`: starts executions; `look`: sees how they stand; `list`: finds runs without knowing them
 * - `broker`, `receive`, `work`, `rotate`, `pages`, `diagnose`, `setup`: what only that one function does
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
  | 'notify'
  | 'policy'
  | 'ages'
  | 'start'
  | 'look'
  | 'list'
  | 'broker'
  | 'receive'
  | 'work'
  | 'diagnose'
  | 'setup'
  | 'rotate'
  | 'pages';

const step: Need[] = ['run', 'record'];
const answering: Need[] = [...step, 'gates', 'tokens', 'answer'];
const gate: Need[] = [...answering, 'host', 'notify', 'policy'];
const base: Need[] = [...answering, 'host', 'money', 'stop'];
const phase: Need[] = [...step, 'gates', 'host', 'money', 'tokens', 'launch', 'stop'];

export const needs: Record<FunctionName, readonly Need[]> = {
  validate: ['run'],
  estimate: [...step, 'keep'],
  // What it supersedes is stopped: its gates answered, its phases ended.
  claim: base,
  reserve: [...step, 'money', 'leave', 'notify', 'policy'],
  queue: [...answering, 'money', 'leave', 'notify', 'policy'],
  plan: phase,
  'plan-gate': gate,
  build: phase,
  'checkpoint-gate': gate,
  // A change that the guard refuses is answered without a sandbox.
  verify: [...phase, 'keep', 'answer'],
  'ask-human': gate,
  // What may write is minted for one change and revoked after it.
  publish: [...step, 'host', 'revoke', 'keep'],
  'await-ci': [...gate, 'keep'],
  'review-gate': [...gate, 'keep'],
  deliver: [...step, 'host', 'revoke', 'notify', 'policy'],
  settle: [...base, 'revoke', 'leave'],
  'settle-phase': [...base, 'keep', 'collect'],
  'settle-run': [...base, 'revoke', 'leave'],
  // Whatever an event should have done.
  reconcile: [
    ...base,
    ...(['revoke', 'leave', 'seen', 'keep', 'launch', 'collect'] as const),
    ...(['notify', 'policy', 'ages', 'start', 'look', 'list'] as const),
  ],
  broker: ['broker'],
  webhook: ['receive'],
  operate: [...base, 'keep', 'leave', 'policy', 'start', 'look', 'list'],
  diagnose: ['diagnose', 'policy'],
  setup: ['setup'],
  'webhook-worker': [...base, 'seen', 'keep', 'policy', 'start', 'work'],
  rotate: ['rotate'],
  // Whatever a person may do there: decide, cancel, try again, pause.
  pages: [...base, 'keep', 'leave', 'policy', 'start', 'look', 'list', 'pages'],
};
