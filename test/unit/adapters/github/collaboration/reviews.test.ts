import { describe, expect, it } from 'vitest';
import { createCollaboration } from '../../../../../adapters/github/collaboration.ts';
import { type Answer, recorded } from '../webhook/recorded.ts';

const head = 'a'.repeat(40);
const lead = { login: 'lead-gh', type: 'User' };
const at = '/repos/acme/calc';
const hostOf = (answers: Record<string, Answer>) =>
  createCollaboration(recorded(answers).access, { repository: 'acme/calc' });

describe('reviews as GitHub has them (R26)', () => {
  it('leave out what is still being written or of no commit', async () => {
    const review = (id: number, state: string, more: object = {}) => ({
      id,
      user: lead,
      body: '',
      commit_id: head,
      state,
      ...more,
    });
    const host = hostOf({
      [`${at}/pulls/5/reviews?per_page=100`]: {
        body: [
          review(1, 'COMMENTED'),
          review(2, 'PENDING'),
          review(3, 'APPROVED', { commit_id: null }),
          review(4, 'APPROVED', { user: null }),
          review(5, 'CHANGES_REQUESTED', { user: { login: 'copilot[bot]', type: 'Bot' } }),
        ],
      },
    });
    expect(await host.reviews('acme/calc', '5')).toEqual([
      { id: '1', author: { login: 'lead-gh', bot: false }, head, state: 'commented', body: '' },
      { id: '4', author: { login: '', bot: false }, head, state: 'approved', body: '' },
      { id: '5', author: { login: 'copilot[bot]', bot: true }, head, state: 'changes-requested', body: '' },
    ]);
  });

  it('bring one comment per thread, also of a thread that is older', async () => {
    const comment = (id: number, review: number, body: string, more: object = {}) => ({
      id,
      pull_request_review_id: review,
      path: 'src/a.ts',
      line: 3,
      user: lead,
      body,
      ...more,
    });
    const host = hostOf({
      [`${at}/pulls/5/comments?per_page=100`]: {
        body: [
          comment(1, 70, 'Why?'),
          comment(2, 71, 'Taken up.', { in_reply_to_id: 1, user: { login: 'drydock[bot]', type: 'Bot' } }),
          comment(3, 72, 'Still wrong.', { in_reply_to_id: 1 }),
          comment(4, 72, 'Look at line 9, too.', { in_reply_to_id: 1 }),
          comment(5, 72, 'The whole file?', { line: null, subject_type: 'file' }),
        ],
      },
    });
    const author = { login: 'lead-gh', bot: false };
    expect(await host.reviewComments('acme/calc', '5', '72')).toEqual([
      { id: '1', author, path: 'src/a.ts', line: 3, body: 'Still wrong.\n\nLook at line 9, too.' },
      { id: '5', author, path: 'src/a.ts', body: 'The whole file?' },
    ]);
  });
});

describe('people as GitHub has them', () => {
  it.each([
    [{ permission: 'admin', role_name: 'admin' }, 'admin'],
    [{ permission: 'write', role_name: 'maintain' }, 'write'],
    [{ permission: 'write', role_name: 'write' }, 'write'],
    [{ permission: 'read', role_name: 'triage' }, 'read'],
    [{ permission: 'none', role_name: '' }, 'none'],
    [{ permission: 'write', role_name: 'release-manager' }, 'write'],
    [{ permission: 'read', role_name: 'constructor' }, 'read'],
    [{ permission: 'sudo', role_name: '__proto__' }, 'none'],
  ])('%j may %s', async (body, permission) => {
    const host = hostOf({ [`${at}/collaborators/dev-gh/permission`]: { body } });
    expect(await host.permission('acme/calc', 'dev-gh')).toBe(permission);
  });

  it.each([
    [
      { login: 'dev-gh', type: 'User' },
      { login: 'dev-gh', bot: false },
    ],
    [
      { login: 'renovate[bot]', type: 'Bot' },
      { login: 'renovate[bot]', bot: true },
    ],
    [null, undefined],
  ])('R24 whoever %j is in the log of pushes is %j', async (actor, account) => {
    const log = [
      { after: 'e'.repeat(40), actor: { login: 'somebody', type: 'User' } },
      { after: head, actor },
    ];
    const host = hostOf({ [`${at}/activity?ref=refs%2Fheads%2Fmain&per_page=100`]: { body: log } });
    expect(await host.pusherOf('acme/calc', 'main', head)).toEqual(account);
    expect(await host.pusherOf('acme/calc', 'main', 'd'.repeat(40))).toBeUndefined();
  });
});
