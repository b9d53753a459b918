/** What people have to know of the last round of a run. Phases read it too, which need no guard. */
import { z } from 'zod';
import type { CommandResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import { flakyTests } from '../../core/run/test-report.ts';
import type { Deps } from '../deps.ts';
import { getJson, getText } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** The tests that failed and then passed in the last Verify. */
export async function flakyOf(deps: Deps, { record }: RunContext): Promise<CommandResult | undefined> {
  const digest = record.work.results.verify;
  if (digest === undefined) return undefined;
  const verify = (await getJson(deps.artifacts, digest)) as Omit<PhaseEnd, 'artifacts'>;
  return flakyTests(verify.result?.commands ?? []);
}

/** Of the last round: new files that git ignores, or changed files whose line ends all changed. */
export async function fileListOf(
  deps: Pick<Deps, 'artifacts'>,
  { record }: RunContext,
  list: 'hidden' | 'flipped',
): Promise<string[]> {
  const digest = record.work.results[list];
  return digest === undefined ? [] : z.array(z.string()).parse(await getJson(deps.artifacts, digest));
}

/** What an approver has to know of an agent that failed in the last round; undefined if it did not. */
export async function agentFailureOf(deps: Deps, { record }: RunContext): Promise<string | undefined> {
  const digest = record.work.results.agentFailure;
  const text = digest === undefined ? '' : await getText(deps.artifacts, digest);
  return text === '' ? undefined : text;
}
