import { type AskRequest, askRequest, askTaskId } from '../../core/ask/request.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { applyPolicy } from '../../core/policy/merge.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import { isFinal } from '../../core/run/status.ts';
import { findSecrets } from '../../core/secrets/known-secrets.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { parsedSpec, type ReadSpec, readSpec } from '../../core/task-spec/parse.ts';
import { specSchema } from '../../core/task-spec/schema.ts';
import { withoutHidden } from '../../core/text/hidden.ts';
import type { Deps } from '../deps.ts';
import { type Submitted, startRun } from './submit.ts';

/** What a person asks for in plain language. */
export interface DraftRequest {
  text: string;
  repository: string;
  /** Default: the first trusted branch of the repository that is not a pattern. */
  targetBranch?: string;
  policy: Policy;
  /** Person id. */
  requester: string;
  /** Nobody answers questions: the spec marks what the agent assumed. */
  assume?: boolean;
  agent?: string;
  outside?: AskRequest['outside'];
  conversation?: number;
}

/** Starts the run that drafts a task spec. @throws UsageError for an empty or too long text, and as `submitAsk`. */
export async function submitDraft(deps: Deps, draft: DraftRequest): Promise<Submitted> {
  const { policy, requester, agent, conversation, targetBranch } = draft;
  const trusted = policy.repositories[draft.repository]?.trusted_branches ?? [];
  const request = askRequest.safeParse({
    kind: 'draft',
    repository: draft.repository,
    target_branch: targetBranch ?? trusted.find((branch) => !/[*?]/.test(branch)) ?? 'main',
    text: draft.text,
    outside: draft.outside ?? [],
    assume: draft.assume ?? false,
    ...defined({ conversation }),
  });
  if (!request.success)
    throw new DrydockError(
      'UsageError',
      request.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
  return submitAsk(deps, { request: request.data, policy, requester, ...defined({ agent }) });
}

/** Starts the run that divides the work of a spec among agents. */
export async function submitSplit(
  deps: Deps,
  {
    bytes,
    file,
    policy,
    requester,
    agent,
  }: { bytes: Uint8Array; file: string; policy: Policy; requester: string; agent?: string },
): Promise<Submitted> {
  const { repository, target_branch } = parsedTask(readSpec(file, bytes));
  const request = askRequest.parse({
    kind: 'split',
    repository,
    target_branch,
    text: 'Divide the work of this spec among agents.',
    outside: [{ from: `the spec ${file}`.slice(0, 500), text: new TextDecoder().decode(bytes).slice(0, 50_000) }],
  });
  return submitAsk(deps, { request, policy, requester, ...defined({ agent }) });
}

/** @throws SpecInvalid with every fault. */
function parsedTask(read: ReadSpec) {
  const { spec, problems } = parsedSpec(read);
  if (spec) return spec;
  const faults = problems.map(
    ({ line, column, rule, message }) => `${read.file}:${line}:${column} ${rule}: ${message}`,
  );
  throw new DrydockError('SpecInvalid', faults.join('\n'), { details: problems });
}

/** US dollars that a run may cost which only asks for an answer, if the policy allows as much. */
const maxUsd = 2;

interface AskSubmission {
  request: AskRequest;
  policy: Policy;
  /** Person id. */
  requester: string;
  retrier?: string;
  attempt?: number;
  agent?: string;
  /** Not started again, however its run ended. */
  once?: boolean;
}

/**
 * Starts a run that asks an agent for one answer. The same request runs once, until it has ended.
 * @throws SecretInRequest before anything is stored; PolicyRefused and the other refusals of the policy.
 */
export async function submitAsk(deps: Deps, submission: AskSubmission): Promise<Submitted> {
  const { request, policy, requester } = submission;
  refuseSecrets(request);
  const taskId = askTaskId(request);
  const task = askTask(submission, taskId);
  const earlier = await deps.runs.byTask(request.repository, taskId);
  const [first] = earlier;
  if (submission.once && first) return { runId: first.runId, outcome: 'duplicate', attempt: first.attempt };
  const latest = Math.max(0, ...earlier.map(({ attempt }) => attempt));
  const running = earlier.some(({ status }) => !isFinal(status));
  const attempt = submission.attempt ?? (running ? latest : latest + 1);
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  return startRun(deps, {
    task,
    bytes,
    specBlob: gitBlobSha(bytes),
    policy,
    requester,
    attempt,
    file: `.agent-tasks/${taskId}.md`,
    kind: request.kind,
    title: firstLineOf(request.text),
    ...(request.kind === 'learn' ? { branch: 'drydock/lessons' } : {}),
    dryRun: false,
    retriers: submission.retrier === undefined || submission.retrier === requester ? [] : [submission.retrier],
    ...defined({ agent: submission.agent, conversation: request.conversation?.toString() }),
  });
}

function refuseSecrets({ text, outside }: AskRequest): void {
  for (const each of [text, ...outside.map((given) => given.text)]) {
    const [found] = [...findSecrets(each), ...findSecrets(asTyped(each))];
    // The message does not repeat it, and nothing of the request is stored.
    if (found) throw new DrydockError('SecretInRequest', `The request holds what looks like a secret (${found.what}).`);
  }
}

/** A text as it was before an editor or a chat wrote it: without invisible characters, wide letters and Markdown's escapes. */
const asTyped = (text: string): string =>
  withoutHidden(text)
    .normalize('NFKC')
    .replace(/\\(?=[!-/:-@[-`{-~])/g, '');

/** The effective task of such a run: the limits of the policy, for an agent that only reads. */
function askTask({ request, policy, requester, agent }: AskSubmission, taskId: string): EffectiveTask {
  const spec = specSchema.parse({
    task_id: taskId,
    repository: request.repository,
    target_branch: request.target_branch,
    output_branch_prefix: `drydock/${request.kind}`,
    instructions: request.text,
    constraints: [],
    budget: { max_usd: Math.min(maxUsd, policy.limits.usd_per_run) },
    ...defined({ agent }),
  });
  const unreviewed = { ...policy, review: { ...policy.review, reviewers: [] } };
  const { task, problems } = applyPolicy(spec, unreviewed, requester);
  const [first] = problems;
  if (first || !task)
    throw new DrydockError(
      first?.name ?? 'PolicyRefused',
      problems.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      { details: problems },
    );
  return { ...task, planRequired: false };
}

const firstLineOf = (text: string): string =>
  (text.split('\n').find((line) => line.trim() !== '') ?? '').trim().slice(0, 200);
