import type { Check } from '../../../core/doctor/finding.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print, withError } from '../../terminal/output.ts';
import { blocked, preflight } from './checks.ts';
import { type AwsOptions, openDeployment } from './settings.ts';

/** `drydock aws preflight`. */
export async function preflightCommand(output: Output, options: AwsOptions): Promise<ExitCode> {
  const { checks } = await preflight(await openDeployment(options));
  const error = blocked(checks);
  print(output, { ok: error === undefined, checks, ...withError(error) }, () => checkLines(checks, output));
  return error?.exit ?? 0;
}

/** Rows as `drydock doctor` prints them. */
export const checkLines = (checks: readonly Check[], output: Output): string[] =>
  checks.flatMap(({ name, ok, required, detail, remedy }) => [
    `${ok ? output.style('green', 'ok    ') : required ? output.style('red', 'blocks') : output.style('yellow', 'warns ')}  ${plain(name).padEnd(20)}  ${plain(detail)}`,
    ...(ok ? [] : [`        remedy: ${plain(remedy)}`]),
  ]);
