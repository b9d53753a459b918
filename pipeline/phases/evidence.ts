import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { CommandResult, PhaseResult } from '../../core/run/phase.ts';
import { firstTests, notOnlyKnown, testsAgain } from '../../core/run/test-report.ts';

interface VerifyVerdict {
  passed: boolean;
  /** Feedback for the next build and for people, if it did not pass. */
  text: string;
}

/** What decides the commands that Verify must run. */
interface VerifyTask extends Pick<EffectiveTask, 'checks' | 'ci' | 'knownFailures'> {
  spec: Pick<EffectiveTask['spec'], 'success_criteria'> & { sandbox: { build_command?: string | undefined } };
}

/**
 * Whether the result of Verify lets its change be published: every command that Verify must run ran and passed.
 * @param baseTests Number of tests at the base; known failures do not apply without it.
 */
export function verifyVerdict(task: VerifyTask, result: PhaseResult, baseTests: number | undefined): VerifyVerdict {
  const missing = requiredCommands(task).filter((name) => !result.commands.some((command) => command.name === name));
  const isTest = ({ name }: CommandResult): boolean => name === firstTests || name === testsAgain;
  // The second run of the tests counts, if there is one.
  const again = result.commands.find(({ name }) => name === testsAgain);
  const hasFailed = (command: CommandResult): boolean =>
    command.timedOut ||
    hasAltered(command) ||
    (command.exitCode !== 0 &&
      !(command.name === firstTests && again !== undefined) &&
      (!isTest(command) || notOnlyKnown(command, task.knownFailures, baseTests) !== undefined));
  const passed = result.outcome === 'verified' && missing.length === 0 && !result.commands.some(hasFailed);
  return { passed, text: passed ? '' : failureText(result, missing, hasFailed) };
}

/** Names of the commands that Verify must run: a result without one of them has failed. */
function requiredCommands(task: VerifyTask): string[] {
  const success = task.spec.success_criteria.flatMap((c) => (typeof c === 'string' ? [] : [`success: ${c.says}`]));
  return [
    ...(task.spec.sandbox.build_command === undefined ? [] : ['build']),
    firstTests,
    ...success,
    ...task.checks.map((check) => `check: ${check.name}`),
    ...task.ci.map((gate) => `ci: ${gate.name}`),
  ];
}

const hasAltered = ({ altered }: CommandResult): boolean => altered !== undefined && altered.length > 0;

const alteredRemedy =
  'Verify checks what will be published, so its commands may write only what git ignores, and may not change what was ' +
  'installed. List what a command generates in .gitignore and do not commit it, or commit it as the command makes it; ' +
  'move a step that writes into node_modules into setup_command.';

/** Every failed command with the end of its output. */
function failureText(result: PhaseResult, missing: string[], hasFailed: (command: CommandResult) => boolean): string {
  const failed = result.commands.filter(hasFailed);
  const parts = failed.map((command) => {
    if (hasAltered(command))
      return `${command.name} (\`${command.command}\`) ${command.altered?.join(', ')}.\n${alteredRemedy}`;
    const outcome = command.timedOut ? 'timed out' : `exited with ${command.exitCode}`;
    const why = command.knownFailures === undefined ? '' : `\n${command.knownFailures}`;
    const name = command.name === testsAgain ? firstTests : command.name;
    return `${name} (\`${command.command}\`) ${outcome}:${why}\n${command.output.slice(-6_000).trimEnd()}`;
  });
  if (failed.length === 0 && result.error) parts.push(`${result.error.name}: ${result.error.message}`);
  if (missing.length > 0 && failed.length === 0 && !result.error) parts.push(`Not run: ${missing.join(', ')}`);
  return parts.join('\n\n') || 'Verification failed without a failed command.';
}
