import { type Gate, isWait } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';

/** A step of a run on the way to a ready pull request. */
export interface StepView {
  name: string;
  is: 'done' | 'now' | 'waits' | 'ended' | 'ahead' | 'left-out';
  /** Milliseconds of work so far. */
  ms: number;
  /** Rounds of work; 0 before the first. */
  rounds: number;
  /** Of a decision: who decided, and how long it was open. */
  by: string[];
  waitedMs: number;
}

/** The states of the machine by step, in order. */
const steps: [name: string, states: readonly string[], phases: readonly string[]][] = [
  ['Checked', ['Validate', 'Estimate', 'Claim', 'Reserve'], []],
  ['Plan', ['Plan'], ['plan']],
  ['Plan approved', ['PlanGate'], []],
  ['Build', ['Build', 'CheckpointGate', 'AskHuman', 'Dispatch', 'Integrate'], ['build', 'rework']],
  ['Verify', ['Verify'], ['verify']],
  ['Pull request', ['Publish'], []],
  ['CI', ['AwaitCi'], []],
  ['Review', ['ReviewGate'], []],
  ['Ready', ['Deliver', 'Settle'], []],
];

interface Task {
  planRequired: boolean;
  ciGates: boolean;
}

/** @param now Epoch milliseconds. */
export function stepsOf(record: RunRecord, gates: readonly Gate[], task: Task, now: number): StepView[] {
  const final = isFinal(record.status);
  const current = final ? -1 : steps.findIndex(([, states]) => states.includes(record.state));
  const reached = Math.max(current - 1, final ? lastReached(record, gates) : -1);
  return steps.map(([name, , phases], i) => {
    const rounds = Object.entries(record.durations).filter(([key]) => phases.includes(key.split('/')[0] ?? ''));
    const own = gates.filter(
      ({ kind }) => kind === (name === 'Plan approved' ? 'plan' : name === 'Review' ? 'review' : ''),
    );
    const decided = own.findLast(({ decision }) => decision !== undefined)?.decision;
    return {
      name,
      is: stateOf(i),
      ms: rounds.reduce((sum, [, ms]) => sum + ms, 0),
      rounds: new Set(rounds.map(([key]) => key.split('/').slice(0, 2).join('/'))).size,
      by: decided?.by ?? [],
      waitedMs: own.reduce((sum, gate) => sum + waited(gate, now), 0),
    };
  });

  function stateOf(i: number): StepView['is'] {
    const name = steps[i]?.[0];
    if (i === current) return record.status === 'waiting' || record.status === 'queued' ? 'waits' : 'now';
    const leftOut = (name === 'Plan approved' && !task.planRequired) || (name === 'CI' && !task.ciGates);
    if (leftOut) return 'left-out';
    if (record.status === 'delivered' || i <= reached) return 'done';
    return final && i === reached + 1 ? 'ended' : 'ahead';
  }
}

/** The last step that a run with another end had completed. */
function lastReached(record: RunRecord, gates: readonly Gate[]): number {
  const approved = (kind: Gate['kind']): boolean =>
    gates.some((gate) => gate.kind === kind && gate.decision?.outcome === 'approved');
  const phase = (...names: string[]): boolean =>
    Object.keys(record.durations).some((key) => names.includes(key.split('/')[0] ?? ''));
  if (approved('review')) return 7;
  if (gates.some(({ kind }) => kind === 'review')) return 6;
  if (record.commit !== undefined) return 5;
  if (phase('verify')) return 3;
  if (phase('build', 'rework')) return record.work.changeSet ? 3 : 2;
  if (approved('plan')) return 2;
  if (record.work.plan !== undefined) return 1;
  return record.base === undefined ? -1 : 0;
}

const waited = ({ openedAt, decision, kind }: Gate, now: number): number =>
  isWait(kind) ? 0 : Math.max(0, (decision ? Date.parse(decision.at) : now) - Date.parse(openedAt));
