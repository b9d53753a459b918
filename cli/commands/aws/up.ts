import { asRefusal } from '../../../adapters/aws/account/row.ts';
import type { Check } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print, withError } from '../../terminal/output.ts';
import { processTerminal, readLine, readSecret } from '../../terminal/prompt.ts';
import { stackChecks } from '../doctor.ts';
import { setup } from '../github-setup/setup.ts';
import { blocked, buildsChecks, type Preflight, policyOf, preflight } from './checks.ts';
import { checkLines } from './preflight.ts';
import { type AwsOptions, type Deployment, openDeployment } from './settings.ts';
import { type StepResult, takeSteps } from './steps.ts';
import { upSteps } from './up-steps.ts';

export interface UpOptions extends AwsOptions {
  dryRun?: boolean;
  yes?: boolean;
  org?: string;
}

/** `drydock aws up`. */
export async function up(output: Output, options: UpOptions): Promise<ExitCode> {
  const deployment = await openDeployment(options);
  const { target } = deployment;
  const dryRun = options.dryRun === true;
  const { caller, policy, checks, blind } = await look(deployment, dryRun, output);
  if (!output.json || !dryRun) for (const line of checkLines(checks, output)) output.err(line);
  const error = blocked(checks);
  if (policy === undefined || (error !== undefined && !dryRun)) {
    print(output, { ok: false, checks, ...withError(error) }, () => []);
    return error?.exit ?? 4;
  }
  const person = process.stdin.isTTY === true;
  const { org } = options;
  const selection = `--stack ${target.stack} --region ${target.region}`;
  const steps = upSteps({
    deployment,
    policy,
    account: caller.account,
    output,
    approval: options.yes === true ? 'never' : 'broadening',
    askSecret: person ? (question) => readSecret(processTerminal, question) : undefined,
    setupApp: person ? () => app(output, deployment, org) : undefined,
    setupCommand: `drydock github setup ${selection}${org === undefined ? '' : ` --org ${org}`}`,
    doctor: () => stackChecks(target) as Promise<Check[]>,
  });
  const { results, person: waiting } = await takeSteps(steps, output, {
    dryRun,
    blind,
    agree: () => agree(output, deployment, caller.account, { yes: options.yes === true, person }),
  });
  const next = waiting || dryRun ? [] : ['drydock new TASK-ID, then commit and push the spec to a trusted branch'];
  const { stack: name, region } = target;
  const document = { ok: !waiting && !error, dryRun, deployment: name, region, account: caller.account, checks };
  print(output, { ...document, steps: results, ...(waiting ? { waiting } : {}), next, ...withError(error) }, () => [
    ...(dryRun ? planLines(results) : []),
    ...next.map((line) => `next      ${line}`),
  ]);
  return waiting ? 5 : (error?.exit ?? 0);
}

/** Errors after which nothing is known about the account. */
const unanswered: ReadonlySet<string> = new Set(['SecretMissing', 'StackUnavailable']);

/** The preflight. A dry run without credentials or a network shows the steps all the same, as the file has them. */
async function look(deployment: Deployment, dryRun: boolean, output: Output): Promise<Preflight & { blind: boolean }> {
  try {
    return { ...(await preflight(deployment)), blind: false };
  } catch (error) {
    const refusal = asRefusal(error);
    if (!dryRun || !(refusal instanceof DrydockError) || !unanswered.has(refusal.name)) throw refusal;
    output.err(`${plain(refusal.message)} These are the steps as ${plain(deployment.file)} has them.`);
    const { policy, checks } = policyOf(deployment);
    const account = deployment.settings.account ?? 'ACCOUNT';
    return { caller: { account, arn: '' }, policy, checks: [...checks, ...buildsChecks(deployment)], blind: true };
  }
}

const planLines = (results: readonly StepResult[]): string[] =>
  results.flatMap(({ name, why, status, detail }, i) => [
    `${i + 1}  ${status === 'done' ? 'is there' : 'would do'}  ${plain(name)}: ${why}`,
    `   ${' '.repeat(10)}${plain(detail)}`,
  ]);

/** @throws UsageError if nobody agrees. */
async function agree(
  output: Output,
  { target }: Deployment,
  account: string,
  { yes, person }: { yes: boolean; person: boolean },
): Promise<void> {
  if (yes) return;
  const what = `${target.stack} in account ${account}, region ${target.region}`;
  if (!person) {
    throw new DrydockError('UsageError', `Nobody is there to agree to the deployment of ${what}.`, {
      remedy: 'Read the plan with --dry-run, and give --yes.',
    });
  }
  output.err(`This deploys ${what}: about 24 USD a month at rest (docs/cost.md).`);
  const answer = await readLine(processTerminal, 'Go on? (yes/no) ');
  if (answer?.trim().toLowerCase() === 'yes') return;
  throw new DrydockError('UsageError', 'Nothing was changed.', { remedy: 'Answer yes, or give --yes.' });
}

/** Its result goes to standard error: the document of --json is the one of `up`. */
async function app(output: Output, { target }: Deployment, org: string | undefined): Promise<void> {
  const quiet: Output = { ...output, json: false, out: (text) => output.err(text) };
  await setup(quiet, { ...target, port: 0, ...(org === undefined ? {} : { org }) });
}
