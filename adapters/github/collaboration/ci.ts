import type { Octokit } from '@octokit/rest';
import { defined } from '../../../core/defined.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { GateResult } from '../../../core/ports/host/collaboration.ts';
import { type GitHubAccess, ownerAndRepo } from '../api/access.ts';
import { ownAccount } from '../api/identity.ts';
import { isOwnCheck } from '../api/own-checks.ts';
import { atMost, cut, perPage } from '../api/pagination.ts';
import { jobLogTail } from './job-log.ts';

/** Pages of check runs, and pages of statuses, that are read for a commit. */
const maxPages = 20;
/** Failed checks whose details are read, each with up to two more calls. */
const maxDetailed = 20;
const maxAnnotations = 50;
/** UTF-16 units of the detail of one failed check, without its log. */
const maxDetail = 20_000;

type At = ReturnType<typeof ownerAndRepo>;
type CheckRun = Awaited<ReturnType<Octokit['checks']['listForRef']>>['data']['check_runs'][number];
type Status = Awaited<ReturnType<Octokit['repos']['listCommitStatusesForRef']>>['data'][number];

/** Check runs and commit statuses of a commit, without Drydock's: the newest for each app and name, or context. */
export async function gateResults(
  access: GitHubAccess,
  scope: CodeHostScope,
  repository: string,
  head: string,
  details: boolean,
): Promise<GateResult[]> {
  const at = ownerAndRepo(repository);
  const { slug } = await ownAccount(access, scope);
  return access.use(scope, 'read', async (octokit) => {
    const runs = await octokit.paginate(
      octokit.checks.listForRef,
      { ...at, ref: head, filter: 'latest', per_page: perPage },
      atMost<CheckRun>(maxPages),
    );
    const statuses = await octokit.paginate(
      octokit.repos.listCommitStatusesForRef,
      { ...at, ref: head, per_page: perPage },
      atMost<Status>(maxPages),
    );
    const others = runs.filter((run) => !isOwnCheck(run.name) && (slug === undefined || run.app?.slug !== slug));
    // `latest` applies within a suite; one workflow that runs for a push and for a pull request makes two suites.
    const checks = newest(
      others.sort((a, b) => b.id - a.id),
      (run) => `${run.app?.slug ?? ''} ${run.name}`,
    );
    const results: GateResult[] = [];
    let detailed = 0;
    for (const run of checks) {
      const result = ofCheck(run);
      const reason = details && result.state === 'failed' && detailed++ < maxDetailed;
      results.push(reason ? { ...result, detail: await detailOf(octokit, at, run) } : result);
    }
    const contexts = newest(statuses, (status) => status.context).filter(({ context }) => !isOwnCheck(context));
    return [...results, ...contexts.map(ofStatus)];
  });
}

/** The first entry of each key. */
function newest<T>(newestFirst: T[], key: (each: T) => string): T[] {
  const found = new Map<string, T>();
  for (const each of newestFirst) if (!found.has(key(each))) found.set(key(each), each);
  return [...found.values()];
}

/** `neutral` and `skipped` mean that nothing was checked. */
const states = new Map<string | null, GateResult['state']>([
  ['success', 'passed'],
  ['neutral', 'skipped'],
  ['skipped', 'skipped'],
]);

const ofCheck = (run: CheckRun): GateResult => ({
  name: run.name,
  ...defined({ app: run.app?.slug }),
  state: run.status !== 'completed' ? 'pending' : (states.get(run.conclusion) ?? 'failed'),
  conclusion: run.status === 'completed' ? (run.conclusion ?? 'without a conclusion') : run.status,
  detail: '',
  ...(run.html_url ? { url: run.html_url } : {}),
});

const ofStatus = ({ context, state, description, target_url }: Status): GateResult => ({
  name: context,
  state: state === 'success' ? 'passed' : state === 'pending' ? 'pending' : 'failed',
  conclusion: state,
  detail: description ?? '',
  ...(target_url ? { url: target_url } : {}),
});

async function detailOf(octokit: Octokit, at: At, run: CheckRun): Promise<string> {
  const { title, summary, annotations_count: count } = run.output;
  const annotations = count > 0 ? await annotationsOf(octokit, at, run.id) : [];
  const text = cut([title, summary, ...annotations].filter((text) => text).join('\n'), maxDetail);
  const job = run.app?.slug === 'github-actions' ? /\/job\/(\d+)/.exec(run.details_url ?? '')?.[1] : undefined;
  const log = job === undefined ? '' : await jobLogTail(octokit, at, Number(job));
  return [text, ...(log === '' ? [] : ['The end of the job log:', log])].filter((part) => part !== '').join('\n');
}

async function annotationsOf(octokit: Octokit, at: At, run: number): Promise<string[]> {
  const annotations = await octokit.paginate(
    octokit.checks.listAnnotations,
    { ...at, check_run_id: run, per_page: maxAnnotations },
    atMost<Awaited<ReturnType<Octokit['checks']['listAnnotations']>>['data'][number]>(1),
  );
  return annotations.map(
    ({ path, start_line, annotation_level, message }) =>
      `${path}:${start_line}: ${annotation_level ?? 'notice'}: ${cut(message ?? '', 2_000)}`,
  );
}
