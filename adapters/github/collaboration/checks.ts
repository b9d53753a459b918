import type { Octokit } from '@octokit/rest';
import { defined } from '../../../core/defined.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { Annotation, CheckReport } from '../../../core/ports/host/collaboration.ts';
import { visible } from '../../../core/text/hidden.ts';
import { type GitHubAccess, ownerAndRepo } from '../api/access.ts';
import { inTurn, ownAccount } from '../api/identity.ts';
import { atMost, cut, perPage } from '../api/pagination.ts';

/** GitHub's limits: characters of a text, annotations in one request. `maxAnnotations` is Drydock's own limit. */
const maxText = 65_535;
const annotationsAtOnce = 50;
const maxAnnotations = 500;
const maxTitle = 250;
const maxDescription = 140;

/**
 * Creates or updates the check with this name, head and key. A personal token cannot create checks: a commit status of
 * the same name then reports the title in one line. Idempotent.
 */
export function reportCheck(
  access: GitHubAccess,
  scope: CodeHostScope,
  repository: string,
  report: CheckReport,
): Promise<void> {
  const at = ownerAndRepo(repository);
  return inTurn(access, `check ${repository} ${report.head} ${report.name}`, async () => {
    if (access.mode === 'token') {
      return access.use(scope, 'report', (octokit) => reportStatus(octokit, at, report));
    }
    const { slug } = await ownAccount(access, scope);
    return access.use(scope, 'report', (octokit) => reportRun(octokit, at, report, slug));
  });
}

type At = ReturnType<typeof ownerAndRepo>;

const conclusions = {
  success: 'success',
  failure: 'failure',
  neutral: 'neutral',
  cancelled: 'cancelled',
  'action-required': 'action_required',
} as const;

async function reportRun(octokit: Octokit, at: At, report: CheckReport, slug: string | undefined): Promise<void> {
  const { name, head, key, state, link } = report;
  const all = report.annotations ?? [];
  const wanted = new Map(all.slice(0, maxAnnotations).map((each) => [identity(ofReport(each)), ofReport(each)]));
  const omitted = all.length - Math.min(all.length, maxAnnotations);
  const more = omitted > 0 ? `\n\nand ${omitted} more` : '';
  const output = { title: cut(report.title, maxTitle), summary: cut(report.summary, maxText - more.length) + more };
  const verdict =
    state === 'pending'
      ? { status: 'in_progress' as const }
      : { status: 'completed' as const, conclusion: conclusions[state] };
  const body = { name, external_id: key, ...defined({ details_url: link }), ...verdict };

  const before = await findRun(octokit, at, report, slug);
  const shown = before && before.output.annotations_count > 0 ? await annotationsOf(octokit, at, before.id) : [];
  // Annotations can only be added. If a shown annotation no longer applies, a new run replaces the old one.
  const run = shown.every((each) => wanted.has(each)) ? before : undefined;
  const missing = [...wanted].flatMap(([id, each]) => (run && shown.includes(id) ? [] : [each]));
  const isSame =
    run?.status === verdict.status &&
    (run.conclusion ?? undefined) === ('conclusion' in verdict ? verdict.conclusion : undefined) &&
    run.output.title === output.title &&
    run.output.summary === output.summary &&
    (link === undefined || run.details_url === link);
  if (run && isSame && missing.length === 0) return;

  const first = { ...output, annotations: missing.splice(0, annotationsAtOnce) };
  const { data } = run
    ? await octokit.checks.update({ ...at, ...body, check_run_id: run.id, output: first })
    : await octokit.checks.create({ ...at, ...body, head_sha: head, output: first });
  while (missing.length > 0) {
    const next = { ...output, annotations: missing.splice(0, annotationsAtOnce) };
    await octokit.checks.update({ ...at, check_run_id: data.id, output: next });
  }
}

/** The newest run of this name and key that our App created. It finds a run whose creation got no response. */
async function findRun(octokit: Octokit, at: At, { name, head, key }: CheckReport, slug: string | undefined) {
  const runs = await octokit.paginate(
    octokit.checks.listForRef,
    { ...at, ref: head, check_name: name, filter: 'all', per_page: perPage },
    atMost<Awaited<ReturnType<Octokit['checks']['listForRef']>>['data']['check_runs'][number]>(10),
  );
  return runs
    .filter((run) => run.external_id === key && (run.app?.slug ?? slug) === slug)
    .sort((a, b) => b.id - a.id)[0];
}

async function annotationsOf(octokit: Octokit, at: At, run: number): Promise<string[]> {
  const found = await octokit.paginate(
    octokit.checks.listAnnotations,
    { ...at, check_run_id: run, per_page: perPage },
    atMost<Awaited<ReturnType<Octokit['checks']['listAnnotations']>>['data'][number]>(maxAnnotations / perPage + 1),
  );
  return found.map(identity);
}

const ofReport = ({ path, line, level, message }: Annotation) => ({
  path,
  start_line: Math.max(1, line),
  end_line: Math.max(1, line),
  annotation_level: level,
  // GitHub's limit is 64 KB of UTF-8; a UTF-16 unit takes at most 3 bytes.
  message: cut(visible(message), 16_000),
});

const identity = (each: {
  path: string;
  start_line: number;
  annotation_level: string | null;
  message: string | null;
}): string => JSON.stringify([each.path, each.start_line, each.annotation_level, each.message?.trim()]);

const statusStates = {
  pending: 'pending',
  success: 'success',
  neutral: 'success',
  failure: 'failure',
  'action-required': 'failure',
  cancelled: 'error',
} as const;

async function reportStatus(octokit: Octokit, at: At, report: CheckReport): Promise<void> {
  const { name, head, link } = report;
  const state = statusStates[report.state];
  const description = cut(report.title.replace(/\s+/g, ' '), maxDescription);
  // Newest first. GitHub keeps every status, up to a thousand per name, so an unchanged one is not written again.
  const { data } = await octokit.repos.listCommitStatusesForRef({ ...at, ref: head, per_page: perPage });
  const newest = data.find(({ context }) => context === name);
  if (newest?.state === state && newest.description === description && (newest.target_url ?? undefined) === link)
    return;
  await octokit.repos.createCommitStatus({
    ...at,
    sha: head,
    context: name,
    state,
    description,
    ...defined({ target_url: link }),
  });
}
