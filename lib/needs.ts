import type { FunctionName } from './names.ts';

/**
 * What a function needs.
 * - `run`: run records, gates, artifacts, and the code host, where each says how its run stands
 * - `money`: reservations, calls, places among the concurrent runs
 * - `tokens`: seals or opens task tokens; `answer`: answers a waiting state
 * - `launch`: starts the two tasks of a phase; `stop`: ends them; `collect`: takes what they left
 * - `notify`: tells people; `policy`: reads the operator's policy as it is now
 * - `ages`: sees when secrets were changed, not what they are
 * - `start`: starts executions; `look`: sees how they stand; `list`: finds runs without knowing them
 * - `broker`, `receive`, `work`, `diagnose`, `setup`: what only that one function does
 */
export type Need =
  | 'run'
  | 'money'
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
  | 'setup';

const step: Need[] = ['run'];
const answering: Need[] = [...step, 'tokens', 'answer'];
const gate: Need[] = [...answering, 'notify', 'policy'];
const place: Need[] = [...answering, 'money'];
const phase: Need[] = [...step, 'money', 'tokens', 'launch', 'stop'];

export const needs: Record<FunctionName, readonly Need[]> = {
  validate: step,
  estimate: step,
  // What it supersedes is stopped: its gates answered, its phases ended.
  claim: [...place, 'stop'],
  reserve: [...step, 'money', 'notify', 'policy'],
  queue: [...place, 'notify', 'policy'],
  plan: phase,
  'plan-gate': gate,
  build: phase,
  'checkpoint-gate': gate,
  // A change that the guard refuses is answered without a sandbox.
  verify: [...phase, 'answer'],
  'ask-human': gate,
  publish: step,
  'await-ci': gate,
  'review-gate': gate,
  deliver: [...step, 'notify', 'policy'],
  settle: [...place, 'stop'],
  'settle-phase': [...place, 'stop', 'collect'],
  'settle-run': [...place, 'stop'],
  // Whatever an event should have done.
  reconcile: [...place, 'launch', 'stop', 'collect', 'notify', 'policy', 'ages', 'start', 'look', 'list'],
  broker: ['broker'],
  webhook: ['receive'],
  hooks: [...place, 'stop', 'policy', 'start', 'work'],
  operate: [...place, 'stop', 'policy', 'start', 'look', 'list'],
  diagnose: ['diagnose', 'policy'],
  setup: ['setup'],
};
