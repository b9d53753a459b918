import { DrydockError } from '../../core/errors.ts';
import { castVote } from '../../core/review/vote.ts';
import type { Gate, VoteChoice } from '../../core/run/gate.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { answerCiWait } from '../../pipeline/gates/ci-gate.ts';
import { decideGate } from '../../pipeline/gates/decide-gate.ts';
import type { SimulatedClock } from './clock.ts';
import type { SimulatedGitHub } from './host.ts';
import type { Random } from './random.ts';

export interface HumanDraws {
  /** Median hours until a person answers. */
  gateHours: number;
  /** Median minutes of CI. */
  ciMinutes: number;
  /** Probability that an event is lost. */
  lost: number;
}

interface Outside {
  deps: Deps;
  clock: SimulatedClock;
  random: Random;
  draws: HumanDraws;
  github: SimulatedGitHub;
  /** Runs work as an invocation of a function. @param about What it works on, for its numbers. */
  invoke(name: string, about: string, work: () => Promise<unknown>): Promise<unknown>;
  /** Something that should have moved a run was lost. */
  lost(runId: string): void;
}

/** A delivery that failed for a while comes again after this time. */
const redeliverMs = 3 * 60_000;

/** What happens outside after a gate was opened: people answer it after hours, CI ends after minutes. */
export function answerLater(outside: Outside, gate: Gate): void {
  const { clock, draws } = outside;
  const random = outside.random.of(gate.gateId);
  if (gate.kind === 'slot') return;
  if (gate.kind === 'ci') {
    // One of ten is late.
    const minutes = random.around(draws.ciMinutes) * (random.chance(0.1) ? 10 : 1);
    clock.after(minutes * 60_000, () => endCi(outside, gate));
    return;
  }
  const draw = random.next();
  const decides = gate.kind === 'review' || gate.kind === 'plan';
  const choice: VoteChoice = !decides || draw >= 0.95 ? 'reject' : draw >= 0.85 ? 'revise' : 'approve';
  clock.after(random.around(draws.gateHours) * 3_600_000, () => clock.start(() => vote(outside, gate.gateId, choice)));
}

function endCi(outside: Outside, gate: Gate): void {
  const { deps, clock, draws, github, invoke, lost } = outside;
  const random = outside.random.of(`ci ${gate.gateId}`);
  const passed = random.chance(0.92);
  github.ci.set(gate.head, {
    name: 'test',
    state: passed ? 'passed' : 'failed',
    conclusion: passed ? 'success' : 'failure',
    detail: passed ? '' : 'a test failed',
  });
  if (random.chance(draws.lost)) lost(gate.runId);
  else
    clock.start(() =>
      delivered(outside, () => invoke('webhook-worker', gate.runId, () => answerCiWait(deps, gate.runId))),
    );
}

async function vote(outside: Outside, gateId: string, choice: VoteChoice): Promise<void> {
  const { deps, draws, invoke, lost, clock } = outside;
  const random = outside.random.of(`vote ${gateId}`);
  const text = choice === 'approve' ? '' : 'Please change it.';
  if (!random.chance(draws.lost)) {
    await delivered(outside, () =>
      invoke('webhook-worker', gateId, () => decideGate(deps, { gateId, person: 'lead', choice, text })),
    );
    return;
  }
  // The vote is stored, and its function dies before it says so to the run.
  const gate = await deps.gates.get(gateId);
  if (gate?.status !== 'pending') return;
  const at = new Date(clock.now()).toISOString();
  const cast = { person: 'lead', choice, text, head: gate.head, at, late: false };
  await deps.gates.vote(gate, cast, castVote(gate, cast));
  lost(gate.runId);
}

/** A delivery is tried again while it fails for a while; a gate that was closed meanwhile needs none. */
async function delivered({ clock }: Outside, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      const passes = error instanceof DrydockError ? error.retry === 'transient' : isThrottle(error);
      if (!passes && error instanceof DrydockError) return;
      if (!passes) throw error;
      await clock.sleep(redeliverMs);
    }
  }
}

const isThrottle = (error: unknown): boolean =>
  error instanceof Error && error.name === 'Lambda.TooManyRequestsException';
