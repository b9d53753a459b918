import { DrydockError } from '../../../core/errors.ts';
import type { CommandResult, PhaseResult } from '../../../core/run/phase.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { describe, mustPass, type Phase, tests, withHints } from '../phase.ts';

type Baseline = NonNullable<PhaseResult['baseline']>;

/**
 * Whether the shell could not find or start the command, or npm knows no such script.
 * @internal for its tests
 */
export const commandMissing = (result: CommandResult): boolean =>
  result.exitCode === 126 ||
  result.exitCode === 127 ||
  (result.exitCode !== 0 && /npm (ERR!|error) Missing script/i.test(result.output));

/**
 * Builds the unchanged base, and runs the tests on it (R14). A failure of the tests is repeated once: a second failure is red, success is flaky.
 * Both end the phase before the agent costs anything, unless every failing test is a known failure.
 */
export async function baseline(phase: Phase): Promise<Baseline> {
  const { testCommand, buildCommand } = phase.spec.sandbox;
  const env = commandEnvironment(phase);
  if (buildCommand !== undefined) await mustPass(phase, 'build', buildCommand, env, 'BaselineRed');
  const first = await runTests('baseline');
  if (first.exitCode === 0) return 'green';
  const second = await runTests('baseline again');
  if (second.exitCode === 0)
    throw new DrydockError('BaselineFlaky', `the tests failed and then passed on the same tree: ${testCommand}`);
  if (second.passed) return 'known-failures';
  const failing = second.tests?.failing.filter((name) => !phase.spec.knownFailures.includes(name)) ?? [];
  const named = failing.length > 0 ? `failing: ${failing.join(', ')}\n` : '';
  throw new DrydockError('BaselineRed', withHints(phase, named + describe(second)));

  async function runTests(name: string): ReturnType<typeof tests> {
    const result = await tests(phase, name, env, (report) => report?.total);
    if (result.timedOut) throw new DrydockError('BaselineTimedOut', `the tests did not finish in time: ${testCommand}`);
    if (commandMissing(result)) throw new DrydockError('TestCommandNotFound', withHints(phase, describe(result)));
    return result;
  }
}

/** The baseline state that a failed phase reports for this error. */
export const baselineOfError = (name: string): Baseline | undefined =>
  name === 'BaselineRed' ? 'red' : name === 'BaselineFlaky' ? 'flaky' : undefined;
