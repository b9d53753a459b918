import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadPolicy } from '../../../cli/config/load-policy.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { childEnv } from '../../support/child-env.ts';
import { type GitHubKit, startGitHub } from '../../support/github/kit.ts';
import { pushedSpec, repositoryFiles, writeGitHubPolicy } from '../../support/github-world.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
let github: GitHubKit;
beforeEach(async () => {
  world = createWorld();
  github = await startGitHub({ files: repositoryFiles(world) });
});
afterEach(async () => {
  await github.close();
  world.remove();
});

/** More lives than this would mean that it does not get on. */
const maxLives = 120;

interface Life {
  killed: boolean;
  out: string;
  err: string;
}

test('R12 kill -9 at every step that speaks to GitHub, and in the middle of every change there: one of each', {
  timeout: 240_000,
}, async () => {
  writeGitHubPolicy(world, github);
  const { policy } = loadPolicy({ policy: join(world.folder, 'policy.yaml'), repositories: new Map() });
  const looking = await world.open({ github: github.config, policy: () => policy });
  await looking.webhooks?.hooks.importBaselines();
  await looking.close();
  const spec = pushedSpec(github, {
    review: { require_human_approval: true, required_reviewers: 1, ci_gates: ['build'] },
  });
  const base = await github.head('main');
  const after = await github.push({ '.agent-tasks/FIX-1.yaml': spec }, { by: 'dev-gh', withhold: true });
  const push = {
    kind: 'push',
    repository: github.repository,
    branch: 'main',
    before: base,
    after,
    sender: { login: 'dev-gh', bot: false },
  };
  writeFileSync(join(world.folder, 'child.json'), JSON.stringify({ config: github.config, push }));

  const interrupted = new Set<string>();
  const green = new Set<string>();
  const live = (): Promise<Life> =>
    new Promise((resolve) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../../support/github-child.ts'), world.folder],
        {
          env: childEnv(),
        },
      );
      const life: Life = { killed: false, out: '', err: '' };
      child.stdout.on('data', (chunk) => (life.out += String(chunk)));
      child.stderr.on('data', (chunk) => (life.err += String(chunk)));
      child.on('close', (_code, signal) => resolve({ ...life, killed: signal === 'SIGKILL' }));
      github.watch(({ method, path, body }) => {
        if (method === 'GET' || !path.startsWith('/repos/') || child.killed) return false;
        const key = nameOf(method, path, body);
        // CI answers for each commit that is put on the branch.
        if (method !== 'GET' && /\/git\/refs/.test(path)) void reportGreen();
        if (interrupted.has(key)) return false;
        interrupted.add(key);
        child.kill('SIGKILL');
        return true;
      });
    });
  const reportGreen = async (): Promise<void> => {
    const [branch] = await github.branches('agent/');
    const head = branch === undefined ? undefined : await github.head(branch);
    if (head === undefined || green.has(head)) return;
    green.add(head);
    await github.reportCheck(head, 'build', 'success');
  };

  let last = await live();
  for (let lives = 1; last.killed && lives < maxLives; lives++) {
    await reportGreen();
    last = await live();
  }
  expect(last.err).toBe('');
  const run = JSON.parse(last.out) as RunView;
  expect(run).toMatchObject({ status: 'delivered', error: null });

  const hit = readFileSync(join(world.folder, 'boundaries'), 'utf8').split('\n').filter(Boolean);
  for (const step of ['claim', 'publish', 'await-ci', 'review-gate', 'deliver', 'settle']) {
    expect(
      hit.some((line) => line.startsWith(`${step} `)),
      step,
    ).toBe(true);
  }
  const changes = [
    'git/trees',
    'git/commits',
    'git/refs',
    'POST pulls',
    'check-runs',
    'labels',
    'requested_reviewers',
    'comments',
  ];
  for (const change of changes)
    expect(
      [...interrupted].some((key) => key.includes(change)),
      change,
    ).toBe(true);

  expect(await github.branches('agent/')).toEqual([run.branch]);
  const [first] = await github.parents(run.commit ?? '');
  expect(await github.parents(first ?? '')).toEqual([run.base]);
  const pulls = await github.pulls();
  expect(pulls.map(({ number, draft }) => [String(number), draft])).toEqual([[run.pullRequest?.id, false]]);
  const bodies = (await github.comments(pulls[0]?.number ?? 0)).map(({ body }) => body ?? '');
  expect(bodies.length).toBe(2);
  expect(new Set(bodies.map((body) => /<!-- drydock:\w+ -->/.exec(body)?.[0])).size).toBe(bodies.length);
  for (const [commit, names] of [
    [after, ['Drydock specs', 'Drydock: FIX-1']],
    [run.commit ?? '', ['Drydock']],
  ] as const) {
    for (const name of names) expect(await github.check(commit, name), name).toMatchObject({ conclusion: 'success' });
  }
  expect(new Set(run.events.map((event) => event.key)).size).toBe(run.events.length);
  // What a dead process had minted is revoked by the one that came after it. One that died before it had written the
  // token down had not used it either, and nobody knows it.
  const used = new Set(github.calls.map(({ token }) => token));
  const left = github.minted().filter((token) => used.has(token) && !github.revoked().includes(token));
  expect(left).toEqual([]);
  expect(existsSync(join(world.data, 'engine.sqlite'))).toBe(true);
});

/** A call without what differs each time it is made. */
function nameOf(method: string, path: string, body: string): string {
  const [plain = ''] = path.split('?');
  const kind = plain
    .replace(/^\/repos\/[^/]+\/[^/]+\//, '')
    .replace(/\/\d+\b/g, '/N')
    .replace(/[0-9a-f]{40}/g, 'SHA');
  const given = (body === '' ? {} : JSON.parse(body)) as { name?: string; output?: { title?: string } };
  return [method, kind, given.name ?? '', given.output?.title ?? ''].join(' ').trim();
}
