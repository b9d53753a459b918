import { askTopics } from '../../core/ask/names.ts';
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
  /** How long the decision is open that the run waits for now; `waitedMs` has the earlier rounds too. */
  openMs?: number;
}

type Step = [name: string, states: readonly string[], phases: readonly string[]];

/** The states of the machine by step, in order. */
const ofTask: readonly Step[] = [
  ['Checked', ['Validate', 'Estimate', 'Claim', 'Reserve'], []],
  ['Plan', ['Plan'], ['plan']],
  ['Plan approved', ['PlanGate'], []],
  ['Build', ['Build', 'CheckpointGate', 'AskHuman', 'Dispatch', 'Integrate'], ['build', 'rework']],
  ['Verify', ['Verify', 'Review'], ['verify']],
  ['Pull request', ['Publish'], []],
  ['CI', ['AwaitCi'], []],
  ['Review', ['ReviewGate'], []],
  ['Ready', ['Deliver', 'Settle'], []],
];

/** Those that the whole campaign has, and not its parts. */
const ofWhole: readonly string[] = ['Plan approved', 'Pull request', 'CI', 'Review', 'Ready'];
const ofPart = ofTask.filter(([name]) => !ofWhole.includes(name));

/** A run that asks an agent for one answer. */
const ofQuestion: readonly Step[] = [
  ['Checked', ['Validate', 'Estimate', 'Claim', 'Reserve'], []],
  ['Answer', ['Ask', 'AskHuman'], askTopics],
  ['Pull request', ['Publish'], []],
  ['Ready', ['Deliver', 'Settle'], []],
];
/** The parts of a spec are printed, and not published. */
const ofSplit = ofQuestion.filter(([name]) => name !== 'Pull request');

/** What of a run decides which steps it has. */
interface Way {
  kind?: RunRecord['kind'] | 'task';
  parent?: unknown;
}

/** The step that a state belongs to, and its number among those of the run; undefined for a state of none. */
export function stepAt(way: Way, state: string): { name: string; n: number; of: number } | undefined {
  const steps = stepsFor(way);
  const at = steps.findIndex(([, states]) => states.includes(state));
  const step = steps[at];
  return step && { name: step[0], n: at + 1, of: steps.length };
}

function stepsFor({ kind, parent }: Way): readonly Step[] {
  if (kind !== undefined && kind !== 'task') return kind === 'split' ? ofSplit : ofQuestion;
  return parent ? ofPart : ofTask;
}

interface Task {
  planRequired: boolean;
  ciGates: boolean;
}

/** @param now Epoch milliseconds. */
export function stepsOf(record: RunRecord, gates: readonly Gate[], task: Task, now: number): StepView[] {
  const steps = stepsFor(record);
  const final = isFinal(record.status);
  const current = final ? -1 : steps.findIndex(([, states]) => states.includes(record.state));
  const last = final ? lastReached(record, gates) : undefined;
  const reached = Math.max(
    current - 1,
    steps.findIndex(([name]) => name === last),
  );
  return steps.map(([name, , phases], i) => {
    const rounds = Object.entries(record.durations).filter(([key]) => phases.includes(key.split('/')[0] ?? ''));
    const own = gates.filter(
      ({ kind }) => kind === (name === 'Plan approved' ? 'plan' : name === 'Review' ? 'review' : ''),
    );
    const is = stateOf(i);
    const open = is === 'waits' ? own.findLast(({ decision }) => decision === undefined) : undefined;
    const decided = own.findLast(({ decision }) => decision !== undefined)?.decision;
    return {
      name,
      is,
      ms: rounds.reduce((sum, [, ms]) => sum + ms, 0),
      rounds: new Set(rounds.map(([key]) => key.split('/').slice(0, 2).join('/'))).size,
      // Who decided an earlier round does not decide this one.
      by: open ? [] : (decided?.by ?? []),
      waitedMs: own.reduce((sum, gate) => sum + waited(gate, now), 0),
      ...(open ? { openMs: waited(open, now) } : {}),
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
function lastReached(record: RunRecord, gates: readonly Gate[]): string | undefined {
  const approved = (kind: Gate['kind']): boolean =>
    gates.some((gate) => gate.kind === kind && gate.decision?.outcome === 'approved');
  const phase = (...names: string[]): boolean =>
    Object.keys(record.durations).some((key) => names.includes(key.split('/')[0] ?? ''));
  if (approved('review')) return 'Review';
  if (gates.some(({ kind }) => kind === 'review')) return 'CI';
  if (record.commit !== undefined) return 'Pull request';
  if (phase('verify')) return 'Build';
  const planned = record.parent ? 'Plan' : 'Plan approved';
  if (phase('build', 'rework')) return record.work.changeSet ? 'Build' : planned;
  if (approved('plan')) return planned;
  if (record.work.plan !== undefined && record.kind === undefined) return 'Plan';
  return record.base === undefined ? undefined : 'Checked';
}

const waited = ({ openedAt, decision, kind }: Gate, now: number): number =>
  isWait(kind) ? 0 : Math.max(0, (decision ? Date.parse(decision.at) : now) - Date.parse(openedAt));
