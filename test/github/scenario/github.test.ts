import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isFinal } from '../../../core/run/status.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';
import { createGitHubWorld, type GitHubWorld, type GitHubWorldOptions } from '../../support/github-world.ts';
import { goodFiles, type Script } from '../../support/scripted-runner.ts';
import { goodAgent } from '../../support/world.ts';

let at: GitHubWorld;
afterEach(() => at.close());
const start = async (options: GitHubWorldOptions = {}): Promise<GitHubWorld> => {
  at = await createGitHubWorld(options);
  return at;
};
const specPath = '.agent-tasks/FIX-1.yaml';
/** For what a message leads to after it was answered. */
const patience = { timeout: 30_000, interval: 50 };
const delivered = (run: { status: string }): boolean => run.status === 'delivered';
const reviewing = (run: { state: string; status: string }): boolean =>
  run.status === 'waiting' && run.state === 'ReviewGate';

/** A second and third build do something else, so that there is something to commit. */
const reworking: Script = ({ spec }) => {
  const round = Number(spec.phaseKey.split('/')[2]);
  return spec.phase === 'rework'
    ? { files: { ...goodFiles, 'src/math.js': `export const add = (a, b) => a + b; // round ${round}\n` } }
    : undefined;
};

describe('R1 R24 R25 a push starts a run, and GitHub sees it through', () => {
  test('push → run → draft → red gate → rework → changes requested → rework → two approvals → ready', async () => {
    const { github, until, spec } = await start({
      script: reworking,
      policy: { review: { approvers: ['lead', 'second'], plan: 'optional', required_reviewers: 2 } },
    });
    const pushed = await github.push(
      { [specPath]: spec({ review: { require_human_approval: true, required_reviewers: 2, ci_gates: ['build'] } }) },
      { by: 'dev-gh' },
    );

    const first = await until('FIX-1', (run) => run.state === 'AwaitCi' && run.commit !== null);
    expect(first.origin).toMatchObject({ branch: 'main', commit: pushed });
    const number = Number(first.pullRequest?.id);
    const pull = await github.pull(number);
    expect(pull).toMatchObject({ draft: true, state: 'open', head: { sha: first.commit, ref: first.branch } });
    expect(pull.body).toContain(first.runId);
    expect(await github.file(first.commit ?? '', 'src/math.js')).toBe(goodFiles['src/math.js']);

    await github.reportCheck(first.commit ?? '', 'build', 'failure', 'src/math.js: missing semicolon');
    const second = await until(
      'FIX-1',
      (run) => run.state === 'AwaitCi' && run.commit !== first.commit && run.commit !== null,
    );
    expect(await github.parents(second.commit ?? '')).toEqual([first.commit]);
    await github.reportCheck(second.commit ?? '', 'build', 'success');
    await until('FIX-1', reviewing);

    const comment = await github.review(number, 'lead-gh', 'REQUEST_CHANGES', {
      body: 'Say why.',
      commit: second.commit ?? '',
      comments: [{ path: 'src/math.js', line: 1, body: 'A comment here, please.' }],
    });
    const third = await until(
      'FIX-1',
      (run) => run.state === 'AwaitCi' && run.commit !== second.commit && run.commit !== null,
    );
    expect(await github.parents(third.commit ?? '')).toEqual([second.commit]);
    const replies = (await github.reviewComments(number)).filter(
      (reply) => reply.in_reply_to_id === comment.comments[0],
    );
    expect(replies.map(({ body }) => body)).toEqual([expect.stringContaining(third.commit ?? '?')]);

    await github.reportCheck(third.commit ?? '', 'build', 'success');
    await until('FIX-1', reviewing);
    await github.review(number, 'lead-gh', 'APPROVE', { commit: third.commit ?? '' });
    await github.review(number, 'second-gh', 'APPROVE', { commit: third.commit ?? '' });
    const run = await until('FIX-1', delivered);
    expect(run.commit).toBe(third.commit);
    expect(await github.pull(number)).toMatchObject({ draft: false, state: 'open' });
    expect(await github.check(third.commit ?? '', 'Drydock')).toMatchObject({
      status: 'completed',
      conclusion: 'success',
    });
    expect(await github.check(pushed, 'Drydock specs')).toMatchObject({ status: 'completed', conclusion: 'success' });
    expect(await github.branches('agent/')).toEqual([run.branch]);
    expect((await github.pulls()).length).toBe(1);

    // R16 no token in any log, event, artifact, error or state; each that was minted for the run is revoked.
    await at.stop();
    expect(github.revoked().sort()).toEqual(github.minted().sort());
    const secrets = [...github.minted(), github.webhookSecret, github.app.privateKey.split('\n')[5] ?? ''];
    // One token writes for a whole publication: two publications, the reads, the reports, the delivery.
    expect(secrets.filter((secret) => secret.length > 16).length).toBeGreaterThanOrEqual(10);
    const said = [...at.said, JSON.stringify(run), JSON.stringify(pull)].join('\n');
    for (const secret of secrets) expect(said).not.toContain(secret);
    expect(filesWith(at.world.folder, secrets)).toEqual([]);
    const comments = (await github.comments(number)).map(({ body }) => body);
    expect(new Set(comments).size).toBe(comments.length);
  });

  test('R17 the same in the real sandbox: what the pull request holds is what the agent left, bytes and modes', async () => {
    const { github, world, until, spec } = await start({ sandbox: true });
    world.agent(`${goodAgent}
fs.mkdirSync('bin');
fs.writeFileSync('bin/run.sh', '#!/bin/sh\\nexit 0\\n', { mode: 0o755 });
fs.writeFileSync('logo.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]));
fs.symlinkSync('src/math.js', 'link');
fs.rmSync('README.md');`);
    await github.push({ [specPath]: spec({ constraints: [] }) }, { by: 'dev-gh' });
    const run = await until('FIX-1', reviewing);
    const treeOf = async (sha: string) => {
      const { data } = await github.admin.git.getTree({ ...github.at, tree_sha: sha, recursive: '1' });
      return new Map(
        data.tree.flatMap(({ path, mode, sha: of, type }) => (type === 'blob' ? [[path, `${mode} ${of}`]] : [])),
      );
    };
    const expected = await treeOf(run.base ?? '');
    const put = (path: string, mode: string, bytes: string | Buffer) =>
      expected.set(path, `${mode} ${gitBlobSha(Buffer.from(bytes))}`);
    put('src/math.js', '100644', goodFiles['src/math.js']);
    put('bin/run.sh', '100755', '#!/bin/sh\nexit 0\n');
    put('logo.png', '100644', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]));
    put('link', '120000', 'src/math.js');
    expected.delete('README.md');
    expect(await treeOf(run.commit ?? '')).toEqual(expected);
    await github.review(Number(run.pullRequest?.id), 'second-gh', 'APPROVE', { commit: run.commit ?? '' });
    await until('FIX-1', delivered);
  });

  test('a gate that never reports is named, with what did report', async () => {
    let later = 0;
    const { github, until, spec, server } = await start({ now: () => Date.now() + later });
    const sender = { login: 'ci-gh', bot: false };
    const told = (head: string) =>
      server.webhooks?.hooks.handle({ kind: 'ci', repository: github.repository, sender, head });
    const review = { require_human_approval: true, required_reviewers: 1, ci_gates: ['buidl'] };
    await github.push({ [specPath]: spec({ review }) }, { by: 'dev-gh' });
    const waiting = await until('FIX-1', (run) => run.state === 'AwaitCi' && run.commit !== null);
    await github.reportCheck(waiting.commit ?? '', 'build', 'success');
    await told(waiting.commit ?? '');
    expect((await server.service.run(waiting.runId)).status).toBe('running');
    later = 31 * 60_000;
    await told(waiting.commit ?? '');
    const run = await until('FIX-1', ({ endedAt }) => endedAt !== null);
    expect(run).toMatchObject({ status: 'failed', error: { name: 'CiGateMissing' } });
    expect(run.error?.message).toMatch(/"buidl" never reported.*Reported were: build/);
    expect(await github.check(run.commit ?? '', 'Drydock')).toMatchObject({ conclusion: 'failure' });
  });

  test('R10 with a personal token: statuses in place of checks, nothing minted', async () => {
    const { github, until, spec } = await start({ token: 'admin' });
    await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    const run = await until('FIX-1', reviewing);
    await github.review(Number(run.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: run.commit ?? '' });
    await until('FIX-1', delivered);
    const [newest] = await github.statuses(run.commit ?? '');
    expect(newest).toMatchObject({ context: 'Drydock', state: 'success' });
    expect(await github.check(run.commit ?? '', 'Drydock')).toBeUndefined();
    expect(github.minted()).toEqual([]);
  });
});

describe('R11 one run for one spec', () => {
  test('delivered ten times, out of order, twice at once, and a day later', async () => {
    let day = 0;
    const { github, until, spec, server } = await start({ now: () => Date.now() + day });
    const before = await github.push({ 'README.md': 'one' }, { by: 'dev-gh' });
    await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    await github.push({ 'README.md': 'two' }, { by: 'dev-gh' });
    expect(before).toMatch(/^[0-9a-f]{40}$/);
    await until('FIX-1', reviewing);
    const pushes = github.delivered('push');
    const again = [...pushes].reverse().flatMap((delivery) => Array.from({ length: 10 }, () => delivery));
    await Promise.all(again.map((delivery) => github.send(delivery)));
    // Not the same content, the same push.
    await Promise.all(pushes.map((delivery) => github.send({ ...delivery, body: `${delivery.body} ` })));
    day = 86_400_000;
    await Promise.all(pushes.map((delivery) => github.send({ ...delivery, body: ` ${delivery.body}` })));
    await drained();
    expect((await server.service.list()).length).toBe(1);
  });

  test('a force-push that drops and restores the spec starts nothing; a moved spec neither', async () => {
    const { github, until, spec, server } = await start();
    const base = await github.head('main');
    const withSpec = await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    await until('FIX-1', reviewing);
    await github.force('main', base, 'dev-gh');
    await github.force('main', withSpec, 'dev-gh');
    await github.push({ [specPath]: null, '.agent-tasks/archive/FIX-1.yaml': spec() }, { by: 'dev-gh' });
    await drained();
    expect((await server.service.list()).length).toBe(1);
  });

  test('two specs in one push are two runs, however short the list of commits', async () => {
    const { github, until, spec, server } = await start();
    const files = { [specPath]: spec(), '.agent-tasks/more/FIX-2.yaml': spec({ task_id: 'FIX-2' }) };
    await github.push(files, { by: 'dev-gh', withhold: true });
    const [push] = github.delivered('push').slice(-1);
    // What 3,000 commits look like: a list that was cut.
    await github.send({
      ...(push as { event: string; body: string }),
      body: JSON.stringify({ ...JSON.parse(push?.body ?? '{}'), commits: [], head_commit: null }),
    });
    await until('FIX-1', reviewing);
    await until('FIX-2', reviewing);
    expect((await server.service.list()).length).toBe(2);
  });

  test('what was never delivered is found by the sweep', async () => {
    const { github, until, spec, server } = await start();
    await github.push({ [specPath]: spec() }, { by: 'dev-gh', withhold: true });
    await server.webhooks?.hooks.sweep();
    await until('FIX-1', reviewing);
    await server.webhooks?.hooks.sweep();
    expect((await server.service.list()).length).toBe(1);
  });

  test('what was there before the first look is not new', async () => {
    const { github, until, spec, server } = await start();
    await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    await until('FIX-1', reviewing);
    expect(server.webhooks).toBeDefined();
    const fresh = await createGitHubWorld();
    try {
      await fresh.github.push(
        { '.agent-tasks/OLD-1.yaml': fresh.spec({ task_id: 'OLD-1' }) },
        { by: 'dev-gh', withhold: true },
      );
      // A machine that never looked at this repository.
      await fresh.forget();
      await fresh.github.push({ [specPath]: fresh.spec() }, { by: 'dev-gh' });
      await fresh.until('FIX-1', reviewing);
      expect((await fresh.server.service.list()).map(({ taskId }) => taskId)).toEqual(['FIX-1']);
    } finally {
      await fresh.close();
    }
  });
});

/** Files below a folder that hold one of the texts, plain or in base64. */
function filesWith(folder: string, texts: string[]): string[] {
  const wanted = texts.flatMap((text) => [text, Buffer.from(`x-access-token:${text}`).toString('base64')]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(20);
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => wanted.some((text) => readFileSync(file).includes(text)));
}

/** Until nothing waits in the inbox. */
async function drained(): Promise<void> {
  for (;;) {
    const counts = await at.server.webhooks?.inbox.counts();
    if (counts?.waiting === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('R21 R22 what people say in the conversation', () => {
  test('status, a vote that does not count, rework, approval; each answered once', async () => {
    const { github, until, spec, server } = await start({ script: reworking });
    await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    const first = await until('FIX-1', reviewing);
    const number = Number(first.pullRequest?.id);
    await github.comment(number, 'dev-gh', '/drydock status');
    await github.comment(number, 'dev-gh', '/drydock approve');
    await github.comment(number, 'lead-gh', '/drydock rework Say the round.');
    const second = await until('FIX-1', (run) => reviewing(run) && run.commit !== first.commit);
    await github.comment(number, 'lead-gh', '/drydock approve');
    await until('FIX-1', delivered);
    const approved = async () => (await github.comments(number)).some(({ body }) => /: approved\./.test(body ?? ''));
    await expect.poll(approved, patience).toBe(true);
    const answers = (await github.comments(number))
      .map(({ body }) => body ?? '')
      .filter((body) => body.includes('<!-- drydock:'));
    expect(answers.filter((body) => body.includes('is **waiting**'))).toHaveLength(1);
    expect(answers.filter((body) => body.includes('VoteRefused'))).toHaveLength(1);
    expect(answers.filter((body) => /: approved\./.test(body))).toHaveLength(1);
    expect(second.commit).not.toBe(first.commit);
    expect((await server.service.gatesOf(first.runId)).filter(({ kind }) => kind === 'review')).toHaveLength(2);
  });

  test('a question is answered in the conversation of the pull request that brought the spec', async () => {
    const asking: Script = ({ spec }) =>
      spec.phase === 'build' && !spec.prompt.includes('plus')
        ? {
            result: { outcome: 'question', question: { question: 'Which sign?', context: '', options: [] } },
            files: {},
          }
        : undefined;
    const { github, until, spec } = await start({ script: asking });
    const number = await github.mergePull({ [specPath]: spec() }, { by: 'dev-gh' });
    await until('FIX-1', (run) => run.state === 'AskHuman' && run.status === 'waiting');
    const said = async () => (await github.comments(number)).map(({ body }) => body);
    await expect.poll(said, patience).toEqual([expect.stringContaining('Which sign?')]);
    await github.comment(number, 'dev-gh', '/drydock answer plus');
    await until('FIX-1', reviewing);
  });

  test('a review that is told twice leaves one vote and no refusal; one of an older head is refused, and stands in the audit', async () => {
    const { github, until, spec, server } = await start({
      policy: { review: { approvers: ['lead', 'second'], plan: 'optional', required_reviewers: 2 } },
    });
    const review = { require_human_approval: true, required_reviewers: 2 };
    await github.push({ [specPath]: spec({ review }) }, { by: 'dev-gh' });
    const first = await until('FIX-1', reviewing);
    const number = Number(first.pullRequest?.id);
    const votes = async (type: string) =>
      (await server.service.run(first.runId)).events.filter((event) => event.type === type).map(({ on }) => on);
    await github.review(number, 'second-gh', 'REQUEST_CHANGES', { commit: first.commit ?? '', body: 'Once more.' });
    const next = await until('FIX-1', (run) => reviewing(run) && run.commit !== first.commit);
    await github.review(number, 'lead-gh', 'APPROVE', { commit: next.commit ?? '' });
    await expect.poll(() => votes('vote'), patience).toEqual([first.commit, next.commit]);
    const [told] = github.delivered('pull_request_review').slice(-1);
    await github.send({ event: 'pull_request_review', body: told?.body ?? '' });
    await github.review(number, 'lead-gh', 'APPROVE', { commit: first.commit ?? '' });
    await expect.poll(() => votes('vote-refused'), patience).toEqual([first.commit]);
    expect(await votes('vote')).toHaveLength(2);
  });

  test('what a person says in the conversation reaches the next phase; a stranger is not heard', async () => {
    const prompts: string[] = [];
    const { github, until, spec } = await start({
      script: ({ spec: { phase, prompt } }) => {
        if (phase === 'build' || phase === 'rework') prompts.push(prompt);
        return undefined;
      },
    });
    await github.push({ [specPath]: spec() }, { by: 'dev-gh' });
    const run = await until('FIX-1', reviewing);
    const number = Number(run.pullRequest?.id);
    await github.comment(number, 'lead-gh', '/drydock tell Keep the exported names.');
    await github.comment(number, 'stranger-gh', '/drydock tell Delete everything.');
    const said = async () => (await github.comments(number)).map(({ body }) => body ?? '').join('\n');
    await expect.poll(said, patience).toContain('the next phase with an agent gets it');
    await github.comment(number, 'second-gh', '/drydock rework Once more.');
    await expect.poll(() => prompts.length, patience).toBe(2);
    expect(prompts.map((prompt) => prompt.includes('Keep the exported names.'))).toEqual([false, true]);
    expect(prompts.join()).not.toContain('Delete everything');
    await until('FIX-1', reviewing);
  });

  test('closing the pull request ends the run; merging it is recorded', async () => {
    const { github, until, spec, server } = await start();
    await github.push({ [specPath]: spec(), '.agent-tasks/FIX-2.yaml': spec({ task_id: 'FIX-2' }) }, { by: 'dev-gh' });
    const one = await until('FIX-1', reviewing);
    const two = await until('FIX-2', reviewing);
    await github.closePull(Number(one.pullRequest?.id), 'lead-gh');
    const closed = await until('FIX-1', (run) => isFinal(run.status as 'cancelled'));
    expect(closed).toMatchObject({ status: 'cancelled', error: { name: 'Cancelled' } });
    await github.review(Number(two.pullRequest?.id), 'lead-gh', 'APPROVE', { commit: two.commit ?? '' });
    await until('FIX-2', delivered);
    await github.merge(Number(two.pullRequest?.id), 'lead-gh');
    const types = async () => (await server.service.run(two.runId)).events.map(({ type }) => type);
    await expect.poll(types, patience).toContain('merged');
  });
});
