import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { CommandResult, PhaseResult } from '../../core/run/phase.ts';

interface VerifyVerdict {
  passed: boolean;
  /** Feedback for the next build and for people, if it did not pass. */
  text: string;
}

/** What decides the commands that Verify must run. */
interface VerifyTask extends Pick<EffectiveTask, 'checks' | 'ci' | 'knownFailures'> {
  spec: Pick<EffectiveTask['spec'], 'success_criteria'> & { sandbox: { build_command?: string | undefined } };
}

/** Whether the result of Verify lets its change be published: every command that Verify must run ran and passed. */
export function verifyVerdict(task: VerifyTask, result: PhaseResult): VerifyVerdict {
  const missing = requiredCommands(task).filter((name) => !result.commands.some((command) => command.name === name));
  // With known failures the test command may fail: the runner has compared the names of the failed tests.
  const tracked = task.knownFailures.length > 0 ? 'test' : undefined;
  const passed = result.outcome === 'verified' && missing.length === 0 && !firstFailure(result, tracked);
  return { passed, text: passed ? '' : failureText(result, missing) };
}

/** Names of the commands that Verify must run: a result without one of them has failed. */
function requiredCommands(task: VerifyTask): string[] {
  const success = task.spec.success_criteria.flatMap((c) => (typeof c === 'string' ? [] : [`success: ${c.says}`]));
  return [
    ...(task.spec.sandbox.build_command === undefined ? [] : ['build']),
    'test',
    ...success,
    ...task.checks.map((check) => `check: ${check.name}`),
    ...task.ci.map((gate) => `ci: ${gate.name}`),
  ];
}

/** @param tracked Name of a command that may exit with any code, but may not time out. */
const firstFailure = (result: PhaseResult, tracked?: string): CommandResult | undefined =>
  result.commands.find(
    (command) => command.timedOut || hasAltered(command) || (command.exitCode !== 0 && command.name !== tracked),
  );

const hasAltered = ({ altered }: CommandResult): boolean => altered !== undefined && altered.length > 0;

const alteredRemedy =
  'Verify checks what will be published, so its commands may write only what git ignores, and may not change what was ' +
  'installed. List what a command generates in .gitignore and do not commit it, or commit it as the command makes it; ' +
  'move a step that writes into node_modules into setup_command.';

/** Every failed command with the end of its output. */
function failureText(result: PhaseResult, missing: string[]): string {
  const failed = result.commands.filter((command) => command.timedOut || command.exitCode !== 0 || hasAltered(command));
  const parts = failed.map((command) => {
    if (hasAltered(command))
      return `${command.name} (\`${command.command}\`) ${command.altered?.join(', ')}.\n${alteredRemedy}`;
    const outcome = command.timedOut ? 'timed out' : `exited with ${command.exitCode}`;
    return `${command.name} (\`${command.command}\`) ${outcome}:\n${command.output.slice(-6_000).trimEnd()}`;
  });
  if (failed.length === 0 && result.error) parts.push(`${result.error.name}: ${result.error.message}`);
  if (missing.length > 0 && failed.length === 0 && !result.error) parts.push(`Not run: ${missing.join(', ')}`);
  return parts.join('\n\n') || 'Verification failed without a failed command.';
}
