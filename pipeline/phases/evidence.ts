import type { CommandResult, PhaseResult } from '../../core/run/phase.ts';

/** @param tracked Name of a command that may exit with any code, but may not time out. */
export const firstFailure = (result: PhaseResult, tracked?: string): CommandResult | undefined =>
  result.commands.find((command) => command.timedOut || (command.exitCode !== 0 && command.name !== tracked));

/** Feedback for the next build and for people: every failed command with the end of its output. */
export function failureText(result: PhaseResult, missing: string[]): string {
  const failed = result.commands.filter((command) => command.timedOut || command.exitCode !== 0);
  const parts = failed.map((command) => {
    const outcome = command.timedOut ? 'timed out' : `exited with ${command.exitCode}`;
    return `${command.name} (\`${command.command}\`) ${outcome}:\n${command.output.slice(-6_000).trimEnd()}`;
  });
  if (failed.length === 0 && result.error) parts.push(`${result.error.name}: ${result.error.message}`);
  if (missing.length > 0 && failed.length === 0 && !result.error) parts.push(`Not run: ${missing.join(', ')}`);
  return parts.join('\n\n') || 'Verification failed without a failed command.';
}
