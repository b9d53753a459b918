import { isDrafted } from '../../core/ask/is-drafted.ts';
import { defined } from '../../core/defined.ts';
import { isRefusal } from '../../core/errors.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import type { Annotation } from '../../core/ports/host/collaboration.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { code, escapeMarkdown } from '../../core/publish/escape.ts';
import { changeManifest } from '../../core/run/change-set.ts';
import type { RunOrigin } from '../../core/run/record.ts';
import { lintRead } from '../../core/task-spec/lint/lint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import { submit } from '../commands/submit.ts';
import type { Deps } from '../deps.ts';
import { type HostedRepository, mayWrite, personBehind } from '../repository/hosted-repository.ts';
import { readSpecFile, type SpecFile, specsAt } from '../repository/spec-files.ts';
import { getJson } from '../runs/artifacts.ts';
import { runOfPullRequest } from './on-review.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';

type Push = Extract<HostEvent, { kind: 'push' }>;

export const specsCheck = 'Drydock specs';
/** Maximum number of specs started by one push; the next sweep of the branch starts the rest. */
export const maxSpecs = 100;

/** The result of a push for one spec. */
interface Started {
  spec: SpecFile;
  runId?: string;
  outcome?: string;
  faults: Annotation[];
}

/**
 * Starts the new specs of the pushed commit. Their blobs are compared with the seen specs, so that truncated commit
 * lists, force-pushes, merges, and repeated or reordered webhooks have no effect, and a moved spec is not new.
 */
export async function onPush(deps: Deps, hosted: HostedRepository, push: Push): Promise<HookOutcome> {
  if (!wildcard(hosted.trustedBranches, push.branch)) {
    return ignored(`${push.branch} is not a trusted branch of ${hosted.repository}`);
  }
  await importBaseline(deps, hosted, push.before);
  const seen = await deps.seenSpecs.blobs(hosted.repository);
  const fresh = (await specsAt(hosted.host, hosted.location, push.after)).filter((spec) => !seen.has(spec.blob));
  if (fresh.length === 0) return ignored('no spec is new');
  const refusal = await mayWrite(hosted, push.sender);
  const pullRequest = refusal === undefined && fresh.length === 1 ? await pullRequestOf(hosted, push) : undefined;
  const [only] = fresh;
  const asker = pullRequest === undefined || !only ? undefined : await askerOf(deps, hosted, pullRequest, only);
  const origin = { branch: push.branch, commit: push.after, ...defined({ pullRequest }) };
  const results: Started[] = [];
  for (const spec of fresh.slice(0, maxSpecs)) {
    const result = refusal === undefined ? await start(deps, hosted, push, spec, origin, asker) : refuse(spec, refusal);
    results.push(result);
    if (pullRequest !== undefined && result.runId !== undefined) {
      await deps.runLinks.link(hosted.repository, `pull:${pullRequest}`, result.runId);
    }
  }
  await report(hosted, push, results);
  // Recorded only now: if the process crashes earlier, the event is handled again. Each start and the check are idempotent.
  for (const { spec, runId, faults } of results) {
    const note = runId ?? `refused: ${faults[0]?.message.slice(0, 200) ?? ''}`;
    await deps.seenSpecs.remember(hosted.repository, spec.blob, note);
  }
  const faulty = results.filter((result) => result.faults.length > 0);
  const started = results.length - faulty.length;
  const reasons = faulty.map(({ spec, faults }) => `${spec.path}:${faults[0]?.line} ${faults[0]?.message}`).join('; ');
  return faulty.length === 0 ? done(`${started} started`) : refused(`${started} started; ${reasons}`);
}

/**
 * The baseline import of a repository: records the existing specs as seen. Normally done for all repositories of the
 * policy before any event is handled; `onPush` calls it for a repository that was listed later.
 */
export async function importBaseline(
  deps: Deps,
  hosted: HostedRepository,
  commit: string | undefined,
): Promise<number> {
  if (await deps.seenSpecs.imported(hosted.repository)) return 0;
  const there = commit === undefined ? [] : await specsAt(hosted.host, hosted.location, commit);
  for (const spec of there) await deps.seenSpecs.remember(hosted.repository, spec.blob, 'was there before');
  await deps.seenSpecs.markImported(hosted.repository);
  return there.length;
}

const refuse = (spec: SpecFile, message: string): Started => ({
  spec,
  faults: [{ path: spec.path, line: 1, level: 'failure', message }],
});

async function start(
  deps: Deps,
  hosted: HostedRepository,
  push: Push,
  spec: SpecFile,
  origin: RunOrigin,
  asker: string | undefined,
): Promise<Started> {
  const { policy } = hosted;
  const bytes = await readSpecFile(hosted.host, hosted.location, push.after, spec);
  if (typeof bytes === 'string') return refuse(spec, bytes);
  const read = readSpec(spec.path, bytes);
  const { problems } = lintRead(read, undefined, policy);
  const faults = problems
    .filter((problem) => problem.severity === 'error')
    .map(
      ({ rule, message, line }): Annotation => ({
        path: spec.path,
        line,
        level: 'failure',
        message: `${rule}: ${message}`,
      }),
    );
  if (faults.length > 0) return { spec, faults };
  try {
    const { runId, outcome } = await submit(deps, {
      file: spec.path,
      bytes,
      read,
      policy,
      requester: asker ?? personBehind(policy, push.sender),
      attempt: 1,
      dryRun: false,
      repository: hosted.repository,
      origin,
    });
    return { spec, runId, outcome, faults: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return refuse(spec, `${error.name}: ${error.message}`);
  }
}

/**
 * Who asked in plain language for the spec that a pull request adds; known from the run that opened it, not from the spec.
 * Undefined if somebody changed the spec since: it is then not what was drafted for that person.
 */
async function askerOf(
  deps: Deps,
  hosted: HostedRepository,
  pullRequest: string,
  spec: SpecFile,
): Promise<string | undefined> {
  const run = await runOfPullRequest(deps, hosted, pullRequest);
  const { changeSet } = run?.work ?? {};
  if (run?.kind !== 'draft' || run.pullRequest?.id !== pullRequest || !changeSet) return undefined;
  const drafted = changeManifest.parse(await getJson(deps.artifacts, changeSet.manifest));
  return isDrafted(drafted, spec) ? run.requester : undefined;
}

/** The pull request of the push, if there is exactly one; it is then linked to the run. */
async function pullRequestOf(hosted: HostedRepository, push: Push): Promise<string | undefined> {
  const [number, ...more] = await hosted.collaboration.pullRequestsOf(hosted.location, push.after);
  return more.length === 0 ? number : undefined;
}

async function report(hosted: HostedRepository, push: Push, results: Started[]): Promise<void> {
  const faults = results.flatMap((result) => result.faults);
  const started = results.filter((result) => result.runId !== undefined);
  const row = ({ spec, runId, outcome, faults: [first] }: Started) =>
    `- ${code(spec.path)}: ${runId === undefined ? `**refused**: ${escapeMarkdown(first?.message ?? '')}` : `${outcome === 'duplicate' ? 'has already run as' : 'started as'} ${code(runId)}`}`;
  await hosted.collaboration.reportCheck(hosted.location, {
    name: specsCheck,
    head: push.after,
    key: 'push',
    state: faults.length > 0 ? 'failure' : 'success',
    title: `${started.length} started, ${results.length - started.length} refused`,
    summary: results.map(row).join('\n'),
    annotations: faults,
  });
}
