import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPullRequests } from '../../../../adapters/git/pull-requests.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-pulls-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  'agent/shop-101',
  'agent/100%/ü#?',
  'a..b',
])('D15 the address of a local pull request opens a file that people read, for the branch %s', async (branch) => {
  const pulls = createPullRequests(folder);
  const request = {
    ...{ repository: '/srv/a b', branch, target: 'main', base: 'a'.repeat(40), head: 'b'.repeat(40) },
    ...{ title: 'Round <b>totals</b>', body: '### Look at', labels: [], reviewers: { logins: [], teams: [] } },
  };
  const { id, url } = await pulls.open(request);
  expect(url).toMatch(/^file:\/\/[\w/.-]+\/\d+\.md$/);
  expect(readFileSync(fileURLToPath(url), 'utf8')).toMatch(
    /^# Round \\<b\\>totals\\<\/b\\>\n\nDraft: `[^`]+` into `main`, at `bbbbbbbbbbbb`\.\n\n### Look at\n$/,
  );
  await pulls.markReady(request.repository, id);
  expect(readFileSync(fileURLToPath(url), 'utf8')).toContain('\n\nReady: ');
});
