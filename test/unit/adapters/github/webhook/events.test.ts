import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../../../../adapters/github/webhook/events.ts';
import { DrydockError } from '../../../../../core/errors.ts';
import { hostEventSchema } from '../../../../../core/ports/host/host-event.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);
const none = '0'.repeat(40);
const dev = { login: 'dev-gh', id: 1, type: 'User' };
const from = { repository: { id: 2, full_name: 'acme/calc' }, installation: { id: 77 }, sender: dev };
const origin = { repository: 'acme/calc', installation: 77, sender: { login: 'dev-gh', id: 1, bot: false } };

/** What GitHub sends of each event that something is done on, cut to what is looked at and something that is not. */
const payloads = {
  push: { ...from, ref: 'refs/heads/release/1', before: a, after: b, commits: [], pusher: { name: 'somebody' } },
  pull_request: {
    ...from,
    action: 'opened',
    pull_request: {
      number: 5,
      title: 'x',
      head: { sha: b, ref: 'topic', repo: { full_name: 'acme/calc' } },
      base: { sha: a, ref: 'main' },
      merged: false,
      merge_commit_sha: null,
    },
  },
  check_run: { ...from, action: 'completed', check_run: { name: 'build', head_sha: b, conclusion: 'success' } },
  check_suite: { ...from, action: 'completed', check_suite: { head_sha: b, app: { name: 'GitHub Actions' } } },
  status: { ...from, sha: b, context: 'ci/build', state: 'success' },
  pull_request_review: {
    ...from,
    action: 'submitted',
    pull_request: { number: 5 },
    review: { id: 9, commit_id: b, state: 'CHANGES_REQUESTED', body: 'Say why.', user: dev },
  },
  issue_comment: {
    ...from,
    action: 'created',
    issue: { number: 5, pull_request: { url: 'x' } },
    comment: { id: 8, created_at: '2026-11-21T06:00:00Z', body: '/drydock status', user: dev },
  },
  issues: {
    ...from,
    action: 'labeled',
    issue: { number: 6, title: 'Slow', body: 'It is slow.' },
    label: { name: 'drydock' },
  },
};
type Event = keyof typeof payloads;

/** The payload with a value at a path; `undefined` takes it out. */
function changed(event: Event, path: string, value: unknown): unknown {
  const copy = structuredClone(payloads[event]) as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const at = steps.reduce((here, step) => here[step] as Record<string, unknown>, copy);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
/** An event comes out of an inbox as it went in; otherwise it would be lost after it was acknowledged. */
function stored(read: ReturnType<typeof readEvent>): void {
  if (read.kind !== 'nothing') expect(hostEventSchema.parse(JSON.parse(JSON.stringify(read)))).toEqual(read);
}
const nothing = { kind: 'nothing', reason: expect.any(String) };

describe('an event', () => {
  it.each([
    ['push', { ...origin, kind: 'push', branch: 'release/1', before: a, after: b }],
    ['pull_request', { ...origin, kind: 'pull-request', number: '5', head: b, target: 'main', base: a, fork: false }],
    ['check_run', { ...origin, kind: 'ci', head: b }],
    ['check_suite', { ...origin, kind: 'ci', head: b }],
    ['status', { ...origin, kind: 'ci', head: b }],
    [
      'pull_request_review',
      {
        ...origin,
        kind: 'review',
        number: '5',
        review: { id: '9', head: b, state: 'changes_requested', body: 'Say why.' },
      },
    ],
    [
      'issue_comment',
      {
        ...origin,
        kind: 'comment',
        number: '5',
        commentId: '8',
        at: '2026-11-21T06:00:00Z',
        body: '/drydock status',
      },
    ],
  ] as const)('%s', (event, expected) => {
    expect(readEvent(event, payloads[event])).toEqual(expected);
    stored(readEvent(event, payloads[event]));
  });

  it('has no commit before a new branch', () => {
    const event = readEvent('push', changed('push', 'before', none));
    expect(event).toMatchObject({ kind: 'push', after: b });
    expect(event).not.toHaveProperty('before');
  });

  it('may be of a hook without an installation', () => {
    expect(readEvent('push', changed('push', 'installation', undefined))).not.toHaveProperty('installation');
  });

  it.each([
    ['a bot', { login: 'renovate[bot]', type: 'Bot' }],
    ['a machine that says it is a user', { login: 'renovate[bot]', type: 'User' }],
    ['an organization', { login: 'acme', type: 'Organization' }],
  ])('is not from a person when it is from %s', (_, sender) => {
    expect(readEvent('push', changed('push', 'sender', sender))).toMatchObject({ sender: { bot: true } });
  });

  it.each([
    ['of another repository', { full_name: 'mallory/calc' }],
    ['that was deleted', null],
  ])('knows a fork %s', (_, repo) => {
    expect(readEvent('pull_request', changed('pull_request', 'pull_request.head.repo', repo))).toMatchObject({
      fork: true,
    });
  });

  it.each(['synchronize', 'reopened'])('pull_request %s is looked at again', (action) => {
    expect(readEvent('pull_request', changed('pull_request', 'action', action))).toMatchObject({
      kind: 'pull-request',
    });
  });

  it('is looked at again when a pull request moves to another base, not when its title changes', () => {
    const edited = changed('pull_request', 'action', 'edited') as object;
    expect(readEvent('pull_request', { ...edited, changes: { base: { ref: { from: 'old' } } } })).toMatchObject({
      kind: 'pull-request',
    });
    expect(readEvent('pull_request', { ...edited, changes: { title: { from: 'old' } } })).toEqual(nothing);
    expect(readEvent('pull_request', edited)).toEqual(nothing);
  });

  it('is about CI when a check is made with its conclusion', () => {
    const made = changed('check_run', 'action', 'created') as typeof payloads.check_run;
    const check_run = { ...made.check_run, status: 'completed' };
    expect(readEvent('check_run', { ...made, check_run })).toMatchObject({ kind: 'ci', head: b });
    expect(readEvent('check_run', { ...made, check_run: { ...check_run, status: 'queued' } })).toEqual(nothing);
  });

  it('says of a closed pull request whether it was merged', () => {
    const closed = changed('pull_request', 'action', 'closed') as typeof payloads.pull_request;
    expect(readEvent('pull_request', closed)).toEqual({
      ...origin,
      kind: 'pull-request-closed',
      number: '5',
      head: b,
      merged: false,
    });
    const merged = { ...closed, pull_request: { ...closed.pull_request, merged: true, merge_commit_sha: a } };
    expect(readEvent('pull_request', merged)).toMatchObject({ merged: true, mergeCommit: a });
    const unmerged = { ...closed, pull_request: { ...closed.pull_request, merge_commit_sha: a } };
    expect(readEvent('pull_request', unmerged)).not.toHaveProperty('mergeCommit');
  });

  it('R53 of a label on an issue, and of a comment on one', () => {
    expect(readEvent('issues', payloads.issues)).toMatchObject({
      ...{ kind: 'issue-labelled', number: '6', label: 'drydock', title: 'Slow', body: 'It is slow.' },
    });
    expect(readEvent('issues', changed('issues', 'issue.body', null))).toMatchObject({ body: '' });
    expect(readEvent('issues', changed('issues', 'action', 'opened'))).toMatchObject({ kind: 'nothing' });
    const onIssue = readEvent('issue_comment', changed('issue_comment', 'issue.pull_request', undefined));
    expect(onIssue).toMatchObject({ kind: 'comment', issue: true, number: '5' });
    expect(readEvent('issue_comment', payloads.issue_comment)).not.toHaveProperty('issue');
    stored(onIssue);
  });

  it('has a body even if GitHub says null', () => {
    expect(readEvent('issue_comment', changed('issue_comment', 'comment.body', null))).toMatchObject({
      kind: 'nothing',
    });
    expect(readEvent('pull_request_review', changed('pull_request_review', 'review.body', null))).toMatchObject({
      review: { body: '' },
    });
  });
});

describe('nothing is done', () => {
  it.each([
    ['a ping', 'ping', { zen: 'x' }],
    ['an unknown event', 'workflow_run', {}],
    ['an event with a name that is none', '\u001b[2J<b>', {}],
    ['a tag', 'push', changed('push', 'ref', 'refs/tags/v1')],
    ['a deleted branch', 'push', changed('push', 'after', none)],
    ['a branch that looks like an option', 'push', changed('push', 'ref', 'refs/heads/--upload-pack')],
    ['a branch with a line feed', 'push', changed('push', 'ref', 'refs/heads/a\nb')],
    ['a label', 'pull_request', changed('pull_request', 'action', 'labeled')],
    ['a base that looks like an option', 'pull_request', changed('pull_request', 'pull_request.base.ref', '-x')],
    ['a check that begins', 'check_run', changed('check_run', 'action', 'created')],
    ['a check run of ours', 'check_run', changed('check_run', 'check_run.name', 'Drydock')],
    ['a check run of ours for a task', 'check_run', changed('check_run', 'check_run.name', 'Drydock: FIX-1')],
    ['a suite of ours', 'check_suite', changed('check_suite', 'check_suite.app.name', 'Drydock acme')],
    ['a suite that was asked for', 'check_suite', changed('check_suite', 'action', 'requested')],
    ['a status of ours', 'status', changed('status', 'context', 'Drydock specs')],
    ['a status that is pending', 'status', changed('status', 'state', 'pending')],
    ['a review taken back', 'pull_request_review', changed('pull_request_review', 'action', 'dismissed')],
    ['a review changed later', 'pull_request_review', changed('pull_request_review', 'action', 'edited')],
    ['a comment changed later', 'issue_comment', changed('issue_comment', 'action', 'edited')],
    ['a comment deleted', 'issue_comment', changed('issue_comment', 'action', 'deleted')],
  ])('on %s, with the reason', (_, event, payload) => {
    const read = readEvent(event, payload);
    expect(read).toEqual(nothing);
    expect(JSON.stringify(read)).not.toMatch(/\\u001b|<b>/);
  });

  it('on what a check of somebody else is named like ours, only by the whole word', () => {
    expect(readEvent('check_run', changed('check_run', 'check_run.name', 'Drydocker build'))).toMatchObject({
      kind: 'ci',
    });
  });
});

describe('a payload that is not what its event has', () => {
  it.each([
    ['push', 'ref', undefined],
    ['push', 'after', 'main'],
    ['push', 'before', a.toUpperCase()],
    ['push', 'after', `${a}\n`],
    ['push', 'repository.full_name', 'acme'],
    ['push', 'repository.full_name', 'acme/..'],
    ['push', 'repository.full_name', 'acme/calc/../../other'],
    ['push', 'repository.full_name', 'acme/calc\u202e'],
    ['push', 'sender', undefined],
    ['push', 'sender.login', '../x'],
    ['push', 'sender.login', 7],
    ['push', 'installation.id', '77'],
    ['pull_request', 'pull_request.number', -1],
    ['pull_request', 'pull_request.head.sha', null],
    ['pull_request', 'action', undefined],
    ['check_run', 'check_run.head_sha', 'x'],
    ['check_suite', 'check_suite', []],
    ['status', 'sha', 1],
    ['pull_request_review', 'review.commit_id', null],
    ['pull_request_review', 'review.id', 2 ** 60],
    ['pull_request_review', 'review.user', { login: 'lead-gh', type: 'User' }],
    ['pull_request_review', 'review.body', 'x'.repeat(300_001)],
    ['issue_comment', 'comment.created_at', 'yesterday'],
    ['issue_comment', 'comment.user', { login: 'lead-gh', type: 'User' }],
  ] as const)('%s: %s is refused by name', (event, path, value) => {
    let thrown: unknown;
    try {
      readEvent(event, changed(event, path, value));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DrydockError);
    expect((thrown as DrydockError).name).toBe('DeliveryRefused');
    expect((thrown as DrydockError).message).toContain(path);
  });

  it('is refused by name and no other way, whatever it is', () => {
    const events = fc.oneof(fc.constantFrom(...(Object.keys(payloads) as Event[])), fc.string());
    const keys = [
      'action',
      'ref',
      'after',
      'before',
      'repository',
      'sender',
      'pull_request',
      'review',
      'comment',
      'issue',
    ];
    const json = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(
        fc.constantFrom(...keys),
        fc.oneof(fc.jsonValue(), fc.constantFrom('closed', 'created', 'completed', a)),
      ),
    );
    fc.assert(
      fc.property(events, json, (event, payload) => {
        try {
          expect(readEvent(event, payload).kind).toEqual(expect.any(String));
        } catch (error) {
          expect(error).toMatchObject({ name: 'DeliveryRefused' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is refused wherever one value of a good one is replaced, or read as an event that an inbox keeps', () => {
    const good = fc.constantFrom(...(Object.keys(payloads) as Event[]));
    fc.assert(
      fc.property(good, fc.nat(), fc.jsonValue({ maxDepth: 1 }), (event, pick, value) => {
        const paths = pathsOf(payloads[event]);
        const path = paths[pick % paths.length] ?? 'action';
        try {
          stored(readEvent(event, changed(event, path, value)));
        } catch (error) {
          expect(error).toMatchObject({ name: 'DeliveryRefused', message: expect.stringContaining(event) });
        }
      }),
      { numRuns: 500 },
    );
  });
});

const pathsOf = (value: object): string[] =>
  Object.entries(value).flatMap(([key, child]) => [
    key,
    ...(child !== null && typeof child === 'object' ? pathsOf(child).map((below) => `${key}.${below}`) : []),
  ]);
