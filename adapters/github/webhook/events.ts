import { z } from 'zod';
import { mayBeCommand } from '../../../core/comment/may-be-command.ts';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Account } from '../../../core/ports/host/collaboration.ts';
import type { HostEvent, IgnoredEvent } from '../../../core/ports/host/host-event.ts';
import { branchFault } from '../../../core/task-spec/fields.ts';
import { isOwnCheck } from '../api/own-checks.ts';

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'is not a commit id');
const zeroSha = '0'.repeat(40);
const id = z.int().positive();
const name = z.string().max(1_000);
/** Longer than GitHub's limit for a comment. */
const text = z.string().max(300_000).nullish();

const account = z.object({
  login: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?$/, 'is not a login'),
  type: z.string().max(40),
  id: id.exactOptional(),
});
const origin = {
  repository: z.object({
    full_name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'is not OWNER/NAME'),
  }),
  installation: z.object({ id }).nullish(),
  sender: account,
};
const action = z.object({ action: z.string().max(100) });

const push = z.object({ ...origin, ref: z.string().max(1_000), before: sha, after: sha });
const pullRequest = z.object({
  ...origin,
  pull_request: z.object({
    number: id,
    head: z.object({ sha, repo: z.object({ full_name: name }).nullish() }),
    base: z.object({ sha, ref: name }),
    merged: z.boolean().nullish(),
    merge_commit_sha: sha.nullish(),
  }),
});
const checkRun = z.object({
  ...origin,
  check_run: z.object({ name, head_sha: sha, status: z.string().max(40).nullish() }),
});
const checkSuite = z.object({
  ...origin,
  check_suite: z.object({ head_sha: sha, app: z.object({ name }).nullish() }),
});
const status = z.object({ ...origin, sha, context: name, state: z.string().max(40) });
const review = z.object({
  ...origin,
  pull_request: z.object({ number: id }),
  review: z.object({ id, commit_id: sha, state: z.string().max(40), body: text, user: account }),
});
const issue = z.object({ issue: z.object({ pull_request: z.object({}).nullish() }) });
const labelled = z.object({
  ...origin,
  issue: z.object({ number: id, title: z.string().max(1_000), body: text }),
  label: z.object({ name: z.string().max(200) }),
});
const issueComment = z.object({
  ...origin,
  issue: z.object({ number: id }),
  comment: z.object({ id, created_at: z.iso.datetime({ offset: true }), body: text, user: account }),
});

/**
 * Reads a GitHub delivery as an event, or as `nothing` with the reason if Drydock ignores it. Only fields that are used
 * are validated.
 * @param event The header `X-GitHub-Event`.
 * @throws DeliveryRefused, naming the field, if the payload lacks a field of its event.
 * Source: GitHub Docs, "Webhook events and payloads".
 */
export function readEvent(event: string, payload: unknown): HostEvent | IgnoredEvent {
  const read = <T>(schema: z.ZodType<T>): T => {
    const result = schema.safeParse(payload);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw refused(event, issue?.path.map(String).join('.') || 'payload', issue?.message ?? 'is not valid');
  };
  switch (event) {
    case 'push':
      return pushed(read(push));
    case 'status': {
      const { sha: head, context, state, ...from } = read(status);
      if (isOwnCheck(context)) return nothing('a status that Drydock reported');
      return state === 'pending' ? nothing('a status that is pending') : { ...originOf(from), kind: 'ci', head };
    }
    case 'pull_request':
    case 'check_run':
    case 'check_suite':
    case 'pull_request_review':
    case 'issue_comment':
    case 'issues':
      break;
    default:
      return nothing(`no handler for ${/^[a-z_]{1,50}$/.test(event) ? event : 'this event'}`);
  }
  const { action: done } = read(action);
  const ignored = nothing(`${event} ${/^[a-z_]{1,50}$/.test(done) ? done : 'with an unknown action'}`);
  switch (event) {
    case 'pull_request':
      if (done === 'closed') return closed(read(pullRequest));
      // An edit of the title changes nothing; an edit of the base branch does.
      if (done === 'edited' && !movesBase(payload)) return ignored;
      return ['opened', 'synchronize', 'reopened', 'edited'].includes(done) ? proposed(read(pullRequest)) : ignored;
    case 'check_run': {
      if (done !== 'completed' && done !== 'created') return ignored;
      const { check_run, ...from } = read(checkRun);
      if (isOwnCheck(check_run.name)) return nothing('a check that Drydock reported');
      // A check run can be created as completed.
      if (done === 'created' && check_run.status !== 'completed') return ignored;
      return { ...originOf(from), kind: 'ci', head: check_run.head_sha };
    }
    case 'check_suite': {
      if (done !== 'completed') return ignored;
      const { check_suite, ...from } = read(checkSuite);
      // The suite has the name of the app, which starts with "Drydock".
      if (/^Drydock\b/.test(check_suite.app?.name ?? '')) return nothing('checks that Drydock reported');
      return { ...originOf(from), kind: 'ci', head: check_suite.head_sha };
    }
    case 'pull_request_review':
      return done === 'submitted' ? reviewed(read(review)) : ignored;
    case 'issue_comment':
      if (done !== 'created') return ignored;
      return commented(read(issueComment), !read(issue).issue.pull_request);
    case 'issues':
      return done === 'labeled' ? labelledIssue(read(labelled)) : ignored;
  }
}

type From = z.infer<z.ZodObject<typeof origin>>;

const originOf = ({ repository, installation, sender }: From) => ({
  repository: repository.full_name,
  ...(installation ? { installation: installation.id } : {}),
  sender: accountOf(sender),
});

/** Only an account of GitHub's type `User` counts as a person. */
const accountOf = ({ login, type, id: number }: z.infer<typeof account>): Account => ({
  login,
  ...defined({ id: number }),
  bot: type !== 'User' || login.endsWith('[bot]'),
});

function pushed(event: z.infer<typeof push>): HostEvent | IgnoredEvent {
  const { ref, before, after } = event;
  if (!ref.startsWith('refs/heads/')) return nothing('a push to a ref that is not a branch');
  if (after === zeroSha) return nothing('a branch was deleted');
  const branch = ref.slice('refs/heads/'.length);
  if (branchFault(branch) !== undefined) return nothing('an invalid branch name');
  const since = before === zeroSha ? {} : { before };
  return { ...originOf(event), kind: 'push', branch, ...since, after };
}

function proposed(event: z.infer<typeof pullRequest>): HostEvent | IgnoredEvent {
  const { number, head, base } = event.pull_request;
  if (branchFault(base.ref) !== undefined) return nothing('an invalid branch name');
  return {
    ...originOf(event),
    kind: 'pull-request',
    number: String(number),
    head: head.sha,
    target: base.ref,
    base: base.sha,
    // The repository of a deleted fork is null.
    fork: head.repo?.full_name !== event.repository.full_name,
  };
}

function closed(event: z.infer<typeof pullRequest>): HostEvent {
  const { number, head, merged, merge_commit_sha } = event.pull_request;
  return {
    ...originOf(event),
    kind: 'pull-request-closed',
    number: String(number),
    head: head.sha,
    merged: merged === true,
    ...(merged === true && merge_commit_sha ? { mergeCommit: merge_commit_sha } : {}),
  };
}

function reviewed(event: z.infer<typeof review>): HostEvent {
  const { id: number, commit_id: head, state, body, user } = event.review;
  mustBe(event.sender, user, 'pull_request_review', 'review.user');
  return {
    ...originOf(event),
    kind: 'review',
    number: String(event.pull_request.number),
    review: { id: String(number), head, state: state.toLowerCase(), body: body ?? '' },
  };
}

const labelledIssue = (event: z.infer<typeof labelled>): HostEvent => ({
  ...originOf(event),
  kind: 'issue-labelled',
  number: String(event.issue.number),
  label: event.label.name,
  title: event.issue.title,
  body: event.issue.body ?? '',
});

function commented(event: z.infer<typeof issueComment>, isIssue: boolean): HostEvent | IgnoredEvent {
  const { id: number, created_at: at, body, user } = event.comment;
  mustBe(event.sender, user, 'issue_comment', 'comment.user');
  if (!mayBeCommand(body ?? '')) return nothing('a comment without a command');
  return {
    ...originOf(event),
    kind: 'comment',
    number: String(event.issue.number),
    ...(isIssue ? { issue: true } : {}),
    commentId: String(number),
    at,
    body: body ?? '',
  };
}

/** The sender of a new review or comment must be its author. */
function mustBe(sender: { login: string }, author: { login: string }, event: string, field: string): void {
  if (sender.login !== author.login) throw refused(event, field, 'is not the sender');
}

function movesBase(payload: unknown): boolean {
  const changed = z.object({ changes: z.object({ base: z.object({}) }) });
  return changed.safeParse(payload).success;
}

const nothing = (reason: string): IgnoredEvent => ({ kind: 'nothing', reason });

/** Names the field and the problem, never the value. */
const refused = (event: string, field: string, message: string): DrydockError =>
  new DrydockError('DeliveryRefused', `Invalid ${event} payload: ${field}: ${message}`);
