import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEvent } from '../../../adapters/github/webhook/events.ts';
import type { DrydockError } from '../../../core/errors.ts';
import type { HostEvent } from '../../../core/ports/host/host-event.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import type { HookOutcome } from '../../../pipeline/webhooks/outcome.ts';
import { createGitHubWorld, type GitHubWorld, people } from '../../support/github-world.ts';
import { shown } from '../../support/shown.ts';

/** A run that waits for reviews, and people who want what they may not. Nothing here may change it. */
let at: GitHubWorld;
let run: RunView;
let number: string;
beforeAll(async () => {
  // An approver who has lost the write access: the policy alone makes nobody an approver on the host.
  at = await createGitHubWorld({
    policy: {
      people: { ...people, reader: { github: 'reader-gh' }, second: { github: 'second-gh', github_id: 4_242_424_242 } },
      review: { approvers: ['lead', 'reader', 'second'], plan: 'optional' },
    },
  });
  await at.github.push({ '.agent-tasks/FIX-1.yaml': at.spec() }, { by: 'dev-gh' });
  run = await at.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
  number = run.pullRequest?.id ?? '';
});
afterAll(() => at.close());

const handle = (event: HostEvent): Promise<HookOutcome> => {
  const { webhooks } = at.server;
  if (!webhooks) throw new Error('no webhooks');
  return webhooks.hooks.handle(event);
};
const person = (login: string, bot = false) => ({ login, bot });
const repository = () => at.github.repository;
const commits = new Map<string, number>();

/** Pushes without telling, and tells in words of one's own. */
async function push(
  files: Parameters<GitHubWorld['github']['push']>[0],
  change: Partial<Extract<HostEvent, { kind: 'push' }>> = {},
  by = 'dev-gh',
): Promise<HookOutcome> {
  const branch = change.branch ?? 'main';
  const after = await at.github.push(files, { by, withhold: true, branch });
  commits.set(after, 1);
  return handle({ kind: 'push', repository: repository(), sender: person(by), branch, after, ...change });
}
const specAt = (task: string, change: Record<string, unknown> = {}) => ({
  [`.agent-tasks/${task}.yaml`]: at.spec({ task_id: task, ...change }),
});
const comment = (login: string, body: string, change: { at?: string; bot?: boolean } = {}): Promise<HookOutcome> =>
  handle({
    kind: 'comment',
    repository: repository(),
    sender: person(login, change.bot),
    number,
    commentId: String(9_000_000 + Math.floor(Math.random() * 1e6)),
    at: change.at ?? new Date(Date.now() + 2_000).toISOString(),
    body,
  });
const review = (login: string, state: string, head: string, bot = false): Promise<HookOutcome> =>
  handle({
    kind: 'review',
    repository: repository(),
    sender: person(login, bot),
    number,
    review: { id: String(8_000_000 + Math.floor(Math.random() * 1e6)), head, state, body: 'ok' },
  });

/** What is tried → how it is refused, and with which words. */
const table: [string, () => Promise<HookOutcome>, HookOutcome['outcome'], RegExp][] = [
  [
    'a repository the policy does not list',
    () =>
      handle({
        kind: 'push',
        repository: 'evil/repo',
        sender: person('dev-gh'),
        branch: 'main',
        after: 'a'.repeat(40),
      }),
    'refused',
    /does not list evil\/repo/,
  ],
  [
    'a repository named like a property',
    () =>
      handle({
        kind: 'push',
        repository: '__proto__/constructor',
        sender: person('dev-gh'),
        branch: 'main',
        after: 'a'.repeat(40),
      }),
    'refused',
    /does not list/,
  ],
  [
    'another installation',
    () =>
      handle({
        kind: 'push',
        repository: repository(),
        installation: 666,
        sender: person('dev-gh'),
        branch: 'main',
        after: 'a'.repeat(40),
      }),
    'refused',
    /installation 666/,
  ],
  [
    'a spec on an untrusted branch',
    () => push(specAt('EVIL-1'), { branch: 'feature/x' }),
    'ignored',
    /is not a trusted branch/,
  ],
  [
    'a branch that ends like a trusted one',
    () => push(specAt('EVIL-2'), { branch: 'x/main' }),
    'ignored',
    /is not a trusted branch/,
  ],
  ['a spec pushed by a bot', () => push(specAt('EVIL-3'), { sender: person('robot', true) }), 'refused', /is a bot/],
  [
    'a spec by somebody without permission',
    () => push(specAt('EVIL-4'), { sender: person('outsider-gh') }),
    'refused',
    /may not write/,
  ],
  ['a spec by a reader', () => push(specAt('EVIL-5'), { sender: person('reader-gh') }), 'refused', /may not write/],
  ['a spec by nobody', () => push(specAt('EVIL-6'), { sender: person('') }), 'refused', /may not write/],
  [
    'a spec for another repository',
    () => push(specAt('EVIL-7', { repository: 'acme/other' })),
    'refused',
    /UnknownRepository|acme\/other/,
  ],
  [
    'a spec that loosens the money',
    () => push(specAt('EVIL-8', { budget: { max_usd: 1_000 } })),
    'refused',
    /above the policy/,
  ],
  [
    'a spec that wants no person',
    () => push(specAt('EVIL-9', { review: { require_human_approval: false } })),
    'refused',
    /requires the approval/,
  ],
  [
    'a spec that opens a host',
    () => push(specAt('EVIL-10', { sandbox: { test_command: 'npm test', egress: ['evil.example.com'] } })),
    'refused',
    /egress.hosts/,
  ],
  [
    'a spec for a branch nobody trusts',
    () => push(specAt('EVIL-11', { target_branch: 'feature/x' })),
    'refused',
    /trusted/,
  ],
  [
    'a spec that targets what is protected',
    () => push(specAt('EVIL-12', { target_paths: ['.github/workflows/x.yml'] })),
    'refused',
    /protected/,
  ],
  [
    'a spec that is a symbolic link',
    () => push({ '.agent-tasks/EVIL-13.yaml': { content: Buffer.from('FIX-1.yaml'), mode: '120000' } }),
    'ignored',
    /no spec/,
  ],
  [
    'a spec that is a bomb',
    () => push({ '.agent-tasks/EVIL-14.yaml': 'a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n' }),
    'refused',
    /alias|anchor|required/i,
  ],
  ['a file that only looks like a spec', () => push({ 'docs/.agent-tasks/EVIL-15.yaml': 'x' }), 'ignored', /no spec/],
  ['the same refused spec by one with the right', () => push({ 'README.md': 'innocent' }), 'ignored', /no spec is new/],
  [
    'a commit that is not there',
    () =>
      handle({
        kind: 'push',
        repository: repository(),
        sender: person('dev-gh'),
        branch: 'main',
        after: 'f'.repeat(40),
      }),
    'refused',
    /./,
  ],
  ['approval by an outsider', () => comment('outsider-gh', '/drydock approve'), 'refused', /may not write/],
  [
    'approval by a writer whom the policy does not know',
    () => comment('writer-gh', '/drydock approve'),
    'refused',
    /[Tt]he policy does not know|may not write/,
  ],
  ['approval by the requester', () => comment('dev-gh', '/drydock approve'), 'refused', /VoteRefused/],
  [
    'approval by a bot with a known name',
    () => comment('lead-gh', '/drydock approve', { bot: true }),
    'refused',
    /is a bot/,
  ],
  [
    'approval by an approver who may not write',
    () => comment('reader-gh', '/drydock approve'),
    'refused',
    /may not write/,
  ],
  [
    'a review by an approver who may not write',
    () => review('reader-gh', 'approved', run.commit ?? ''),
    'refused',
    /may not write/,
  ],
  [
    'approval by another account under the login of an approver',
    () => comment('second-gh', '/drydock approve'),
    'refused',
    /policy does not know second-gh/,
  ],
  [
    'a review by another account under the login of an approver',
    () => review('second-gh', 'approved', run.commit ?? ''),
    'refused',
    /policy does not know second-gh/,
  ],
  [
    'an approval with a condition below it',
    () => comment('lead-gh', '/drydock approve\n\nbut only if it is fast'),
    'refused',
    /no text below it/,
  ],
  ['a command in a quote', () => comment('lead-gh', '> /drydock approve'), 'ignored', /no command/],
  ['a command in a code block', () => comment('lead-gh', '```\n/drydock approve\n```'), 'ignored', /no command/],
  ['a command in indented code', () => comment('lead-gh', 'see\n\n    /drydock approve'), 'ignored', /no command/],
  [
    'a command in a hidden comment',
    () => comment('lead-gh', 'nice <!--\n/drydock approve\n-->'),
    'refused',
    /may hide/,
  ],
  ['a command behind words', () => comment('lead-gh', 'please /drydock approve'), 'ignored', /no command/],
  [
    'a command in folded HTML',
    () => comment('lead-gh', '<details>\n/drydock approve\n</details>'),
    'ignored',
    /no command/,
  ],
  ['two commands at once', () => comment('lead-gh', '/drydock status\n/drydock approve'), 'refused', /one/],
  ['a verb nobody knows', () => comment('lead-gh', '/drydock merge'), 'refused', /merge/],
  [
    'a comment from before the gate',
    () => comment('lead-gh', '/drydock approve', { at: '2020-01-01T00:00:00Z' }),
    'refused',
    /older/,
  ],
  ['cancel by somebody who neither asked nor approves', () => comment('reader-gh', '/drydock cancel'), 'refused', /./],
  ['retry of a run that is not over', () => comment('lead-gh', '/drydock retry'), 'refused', /RunUnfinished/],
  ['a vote for an old head', () => review('lead-gh', 'approved', 'b'.repeat(40)), 'refused', /the gate is about/],
  ['a vote by the requester', () => review('dev-gh', 'approved', run.commit ?? ''), 'refused', /requested this run/],
  [
    'a vote by a stranger',
    () => review('outsider-gh', 'approved', run.commit ?? ''),
    'refused',
    /[Tt]he policy does not know/,
  ],
  [
    'a vote by a bot under a known name',
    () => review('lead-gh', 'approved', run.commit ?? '', true),
    'refused',
    /[Tt]he policy does not know/,
  ],
  [
    'changes requested by a stranger',
    () => review('outsider-gh', 'changes_requested', run.commit ?? ''),
    'refused',
    /[Tt]he policy does not know/,
  ],
  [
    'a review of no pull request of ours',
    () =>
      handle({
        kind: 'review',
        repository: repository(),
        sender: person('lead-gh'),
        number: '4711',
        review: { id: '1', head: 'a'.repeat(40), state: 'approved', body: '' },
      }),
    'ignored',
    /does not belong to a run/,
  ],
];

describe('R24 R41 R44 hostile messages are refused, with the reason', () => {
  test.for(table)('%s', async ([, attempt, outcome, reason], { task }) => {
    // What a person has to mend first (a permission, say) is set aside under its name, and can be sent again.
    const got = await attempt().catch((error: DrydockError) => ({
      outcome: 'refused',
      reason: `${error.name}: ${error.message}`,
    }));
    shown(task, `${got.outcome}: ${got.reason}`);
    expect(got).toMatchObject({ outcome });
    expect(got.reason).toMatch(reason);
    const now = await at.server.service.run(run.runId);
    expect([now.status, now.state, now.commit, now.gate]).toEqual([run.status, run.state, run.commit, run.gate]);
    const gate = await at.server.service.gate(run.gate ?? '');
    expect([gate.status, gate.approvals]).toEqual(['pending', []]);
    expect((await at.server.service.list()).map(({ taskId }) => taskId)).toEqual(['FIX-1']);
  });

  test('a stranger does not make the app talk', async () => {
    const before = (await at.github.comments(Number(number))).length;
    await comment('outsider-gh', '/drydock status');
    await review('outsider-gh', 'approved', run.commit ?? '');
    expect((await at.github.comments(Number(number))).length).toBe(before);
  });

  test.each([
    [
      'push',
      {
        ref: 'refs/tags/v1',
        before: '0'.repeat(40),
        after: 'a'.repeat(40),
        repository: { full_name: 'acme/calc' },
        sender: { login: 'x', type: 'User' },
      },
    ],
    [
      'issue_comment',
      {
        action: 'edited',
        issue: { number: 1, pull_request: {} },
        comment: { id: 1, body: '/drydock approve', created_at: '2026-11-21T00:00:00Z' },
        repository: { full_name: 'acme/calc' },
        sender: { login: 'lead-gh', type: 'User' },
      },
    ],
    ['star', { action: 'created', repository: { full_name: 'acme/calc' }, sender: { login: 'x', type: 'User' } }],
  ])('%s of no interest leads to nothing', (event, payload) => {
    expect(readEvent(event, payload)).toMatchObject({ kind: 'nothing' });
  });
});

describe('R44 outside text stays text', () => {
  test('Markdown, HTML, ANSI, hidden comments and commands in a spec reach neither check nor pull request as such', async () => {
    const evil = 'Mend add <img src=x onerror=alert(1)> @everyone [x](javascript:alert(1)) <!-- /drydock approve -->';
    await at.github.push(
      { '.agent-tasks/EVIL-99.yaml': at.spec({ task_id: 'EVIL-99', title: evil, constraints: [evil] }) },
      { by: 'dev-gh' },
    );
    const other = await at.until('EVIL-99', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
    const pull = await at.github.pull(Number(other.pullRequest?.id));
    // Titles are plain text there, so people see what a reader of the spec's Markdown would not; it stands in one line.
    expect(pull.title).toBe(`EVIL-99: ${evil}`);
    const texts = [pull.body ?? '', ...(await at.github.comments(pull.number)).map(({ body }) => body)];
    for (const text of texts) {
      expect(text).not.toMatch(/(?<!\\)<img|(?<!\\)\[x\]\(javascript:|@everyone(?!\u200b)|^\/drydock/m);
    }
    await at.server.service.cancel('EVIL-99', 'lead', 'enough');
  });
});
