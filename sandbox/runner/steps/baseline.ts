import { DrydockError } from '../../../core/errors.ts';
import type { CommandResult, PhaseResult } from '../../../core/run/phase.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { judgeFailures } from '../commands/failing-tests.ts';
import { describe, type Phase, shell } from '../phase.ts';

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
 * Runs the tests on the unchanged base (R14). A failure is repeated once: a second failure is red, success is flaky.
 * Both end the phase before the agent costs anything, unless every failing test is a known failure.
 */
export async function baseline(phase: Phase): Promise<Baseline> {
  const { testCommand } = phase.spec.sandbox;
  const env = commandEnvironment(phase);
  const first = await runTests('baseline');
  if (first.exitCode === 0) return 'green';
  const second = await runTests('baseline again');
  if (second.exitCode === 0)
    throw new DrydockError('BaselineFlaky', `the tests failed and then passed on the same tree: ${testCommand}`);
  const judgement = judgeFailures(second.output, phase.spec.knownFailures);
  if (judgement.kind === 'known') return 'known-failures';
  const named = judgement.tests.length > 0 ? `failing: ${judgement.tests.join(', ')}\n` : '';
  throw new DrydockError('BaselineRed', named + describe(second));

  async function runTests(name: string): Promise<CommandResult> {
    const result = await shell(phase, name, testCommand, env);
    if (result.timedOut) throw new DrydockError('BaselineTimedOut', `the tests did not finish in time: ${testCommand}`);
    if (commandMissing(result)) throw new DrydockError('TestCommandNotFound', describe(result));
    return result;
  }
}

/** The baseline state that a failed phase reports for this error. */
export const baselineOfError = (name: string): Baseline | undefined =>
  name === 'BaselineRed' ? 'red' : name === 'BaselineFlaky' ? 'flaky' : undefined;
