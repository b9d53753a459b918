import { z } from 'zod';
import { mayBeCommand } from '../../../core/comment/may-be-command.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Account } from '../../../core/ports/host/collaboration.ts';
import type { HostEvent, IgnoredEvent } from '../../../core/ports/host/host-event.ts';
import { branchFault } from '../../../core/task-spec/fields.ts';
import { isOwnCheck } from '../api/own-checks.ts';

const sha = z.string().regex(/^[0-9a-f]{40}$/, 'is not a commit id');
const nobody = '0'.repeat(40);
const id = z.int().positive();
const name = z.string().max(1_000);
/** More than GitHub takes as a comment. */
const words = z.string().max(300_000).nullish();

const account = z.object({
  login: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?$/, 'is not a login'),
  type: z.string().max(40),
});
const of = {
  repository: z.object({
    full_name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'is not OWNER/NAME'),
  }),
  installation: z.object({ id }).nullish(),
  sender: account,
};
const action = z.object({ action: z.string().max(100) });

const push = z.object({ ...of, ref: z.string().max(1_000), before: sha, after: sha });
const pullRequest = z.object({
  ...of,
  pull_request: z.object({
    number: id,
    head: z.object({ sha, repo: z.object({ full_name: name }).nullish() }),
    base: z.object({ sha, ref: name }),
    merged: z.boolean().nullish(),
    merge_commit_sha: sha.nullish(),
  }),
});
const checkRun = z.object({
  ...of,
  check_run: z.object({ name, head_sha: sha, status: z.string().max(40).nullish() }),
});
const checkSuite = z.object({
  ...of,
  check_suite: z.object({ head_sha: sha, app: z.object({ name }).nullish() }),
});
const status = z.object({ ...of, sha, context: name, state: z.string().max(40) });
const review = z.object({
  ...of,
  pull_request: z.object({ number: id }),
  review: z.object({ id, commit_id: sha, state: z.string().max(40), body: words, user: account }),
});
const issue = z.object({ issue: z.object({ pull_request: z.object({}).nullish() }) });
const issueComment = z.object({
  ...of,
  issue: z.object({ number: id }),
  comment: z.object({ id, created_at: z.iso.datetime({ offset: true }), body: words, user: account }),
});

/**
 * A delivery of GitHub's as an event, or `nothing` with the reason where nothing is done for it. Fields that are not used
 * are not read.
 * @param event The header `X-GitHub-Event`.
 * @throws DeliveryRefused naming the field, when the payload lacks what its event has.
 * Source: GitHub Docs, "Webhook events and payloads".
 */
export function readEvent(event: string, payload: unknown): HostEvent | IgnoredEvent {
  const read = <T>(schema: z.ZodType<T>): T => {
    const result = schema.safeParse(payload);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw refused(event, issue?.path.map(String).join('.') || 'payload', issue?.message ?? 'is not as expected');
  };
  switch (event) {
    case 'push':
      return pushed(read(push));
    case 'status': {
      const { sha: head, context, state, ...from } = read(status);
      if (isOwnCheck(context)) return nothing('a status of our own');
      return state === 'pending' ? nothing('a status that is pending') : { ...originOf(from), kind: 'ci', head };
    }
    case 'pull_request':
    case 'check_run':
    case 'check_suite':
    case 'pull_request_review':
    case 'issue_comment':
      break;
    default:
      return nothing(`nothing is done on ${/^[a-z_]{1,50}$/.test(event) ? event : 'this event'}`);
  }
  const { action: done } = read(action);
  const ignored = nothing(`${event} ${/^[a-z_]{1,50}$/.test(done) ? done : 'of an unknown kind'}`);
  switch (event) {
    case 'pull_request':
      if (done === 'closed') return closed(read(pullRequest));
      // Edited may be its title, which is no news, or its base, which is.
      if (done === 'edited' && !movesBase(payload)) return ignored;
      return ['opened', 'synchronize', 'reopened', 'edited'].includes(done) ? proposed(read(pullRequest)) : ignored;
    case 'check_run': {
      if (done !== 'completed' && done !== 'created') return ignored;
      const { check_run, ...from } = read(checkRun);
      if (isOwnCheck(check_run.name)) return nothing('a check of our own');
      // One may be made with its conclusion.
      if (done === 'created' && check_run.status !== 'completed') return ignored;
      return { ...originOf(from), kind: 'ci', head: check_run.head_sha };
    }
    case 'check_suite': {
      if (done !== 'completed') return ignored;
      const { check_suite, ...from } = read(checkSuite);
      // Named after the app, which is called "Drydock" and what it is for.
      if (/^Drydock\b/.test(check_suite.app?.name ?? '')) return nothing('checks of our own');
      return { ...originOf(from), kind: 'ci', head: check_suite.head_sha };
    }
    case 'pull_request_review':
      return done === 'submitted' ? reviewed(read(review)) : ignored;
    case 'issue_comment':
      if (done !== 'created') return ignored;
      if (!read(issue).issue.pull_request) return nothing('a comment on an issue');
      return commented(read(issueComment));
  }
}

type From = z.infer<z.ZodObject<typeof of>>;

const originOf = ({ repository, installation, sender }: From) => ({
  repository: repository.full_name,
  ...(installation ? { installation: installation.id } : {}),
  sender: accountOf(sender),
});

/** Only what GitHub calls a user is taken for a person. */
const accountOf = ({ login, type }: z.infer<typeof account>): Account => ({
  login,
  bot: type !== 'User' || login.endsWith('[bot]'),
});

function pushed(event: z.infer<typeof push>): HostEvent | IgnoredEvent {
  const { ref, before, after } = event;
  if (!ref.startsWith('refs/heads/')) return nothing('a push of a tag, or of something else than a branch');
  if (after === nobody) return nothing('a branch was deleted');
  const branch = ref.slice('refs/heads/'.length);
  if (branchFault(branch) !== undefined) return nothing('a branch with a name that nobody may trust');
  const since = before === nobody ? {} : { before };
  return { ...originOf(event), kind: 'push', branch, ...since, after };
}

function proposed(event: z.infer<typeof pullRequest>): HostEvent | IgnoredEvent {
  const { number, head, base } = event.pull_request;
  if (branchFault(base.ref) !== undefined) return nothing('a branch with a name that nobody may trust');
  return {
    ...originOf(event),
    kind: 'pull-request',
    number: String(number),
    head: head.sha,
    target: base.ref,
    base: base.sha,
    // A fork that was deleted leaves no repository.
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

function commented(event: z.infer<typeof issueComment>): HostEvent | IgnoredEvent {
  const { id: number, created_at: at, body, user } = event.comment;
  mustBe(event.sender, user, 'issue_comment', 'comment.user');
  if (!mayBeCommand(body ?? '')) return nothing('a comment with no command');
  return {
    ...originOf(event),
    kind: 'comment',
    number: String(event.issue.number),
    commentId: String(number),
    at,
    body: body ?? '',
  };
}

/** Who sends something new is who wrote it. */
function mustBe(sender: { login: string }, author: { login: string }, event: string, field: string): void {
  if (sender.login !== author.login) throw refused(event, field, 'is not the sender');
}

function movesBase(payload: unknown): boolean {
  const changed = z.object({ changes: z.object({ base: z.object({}) }) });
  return changed.safeParse(payload).success;
}

const nothing = (why: string): IgnoredEvent => ({ kind: 'nothing', why });

/** The field and what is wrong with it, never its value. */
const refused = (event: string, field: string, message: string): DrydockError =>
  new DrydockError('DeliveryRefused', `The ${event} payload is not GitHub's: ${field}: ${message}`);
