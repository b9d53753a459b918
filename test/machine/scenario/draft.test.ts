/** Requests in plain language (R9): what becomes of a vague, a large, a trivial, a secret and a German one. */
import { afterEach, describe, expect, test } from 'vitest';
import { lintSpec } from '../../../core/task-spec/lint/lint.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, followRun, policyOf, type World } from '../../support/world.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An agent without a model that reads the request, and the repository for its file names. */
const drafting = `
const request = /## The request\\n[\\s\\S]*?\`\`\`\\n([\\s\\S]*?)\\n\`\`\`/.exec(prompt)[1];
const files = execSync('git ls-files', { encoding: 'utf8' }).trim().split('\\n');
const leave = (answer) => fs.writeFileSync(out + '/draft.json', JSON.stringify(answer));
const spec = (more) => ({ spec: {
  title: 'Correct add in src/math.js',
  instructions: 'In \`src/math.js\`, the function \`add\` subtracts. Correct it, so that \`add(1, 2)\` returns 3. Add a test to \`test/math.test.js\` that fails before the change.',
  constraints: ['Keep the exported names as they are', 'Do not modify package.json'],
  target_paths: files.filter((file) => /math/.test(file)),
  excluded_paths: ['package.json'],
  success_criteria: [{ says: 'add(1, 2) returns 3', run: 'node -e "import(\\'./src/math.js\\').then((m) => process.exit(m.add(1, 2) === 3 ? 0 : 1))"' }],
  sandbox: { runtime: 'node:24', package_manager: 'npm', test_command: 'npm test' },
  ...more } });
if (/typo/i.test(request)) leave({ advice: { do_it_yourself: true, reason: 'It is one word in README.md.' } });
else if (/better/i.test(request) && !/An answer/.test(prompt) && !/No further questions/.test(prompt)) leave({ questions: [
  { question: 'Which function is wrong?', options: ['add', 'none'], suggested: 'add' },
  { question: 'Is a new test wanted?', suggested: 'yes' } ] });
else if (/OAuth|whole/i.test(request)) leave(spec({ title: 'Move the calculator to a new layout',
  target_paths: ['src/**', 'test/**'],
  campaign: { parts: [
    { id: 'source', title: 'Move the source', instructions: 'Move src/math.js to src/calc/add.js.', target_paths: ['src/**'] },
    { id: 'tests', title: 'Move the tests', instructions: 'Move the tests after the source.', target_paths: ['test/**'], depends_on: [] } ] } }));
else if (/password file/i.test(request)) leave({ refusal: { reason: 'It asks to read credentials.' } });
else leave(spec(/No further questions/.test(prompt) && !/An answer/.test(prompt) ? { assumptions: ['add is the function that is meant'] } : {}));
`;

function worldOf(): World {
  const world = createWorld();
  closing.push(() => world.remove());
  world.agent(drafting);
  return world;
}

async function drafted(text: string, more: { assume?: boolean; world?: World } = {}) {
  const world = more.world ?? worldOf();
  const server = await world.open();
  closing.push(() => server.close());
  const policy = policyOf(world);
  const { runId } = await server.service.draft({
    text,
    repository: 'acme/calc',
    policy,
    requester: 'dev@example.com',
    ...(more.assume === undefined ? {} : { assume: more.assume }),
  });
  return { world, server, policy, runId, view: await followRun(server, runId, false) };
}

/** The file that the pull request of a draft adds, checked as `drydock lint` does. */
function fileOf({ world, view }: { world: World; view: RunView }) {
  const [path = '', ...others] = world.git('diff', '--name-only', 'main', view.branch).split('\n');
  expect(others).toEqual([]);
  const text = world.git('show', `${view.branch}:${path}`);
  return { path, text, report: lintSpec(path, Buffer.from(text), undefined, policyOf(world)) };
}

describe('five requests', () => {
  test('a vague one: questions at once, then a spec that lints clean and is clear', async () => {
    const asked = await drafted('Make the calculator better, please.');
    expect(asked.view).toMatchObject({ kind: 'draft', status: 'waiting', state: 'AskHuman' });
    const again = await asked.server.service.draft({
      text: 'Make the calculator better, please.',
      repository: 'acme/calc',
      policy: asked.policy,
      requester: 'dev@example.com',
    });
    expect(again).toMatchObject({ runId: asked.runId, outcome: 'duplicate' });
    const gate = await asked.server.service.gate(asked.view.gate ?? '');
    expect(gate.question?.question).toBe('2 questions about the request');
    expect(gate.question?.context).toContain('1. Which function is wrong?');
    expect(gate.question?.context).toContain('Suggested: add');
    expect(gate.question?.options).toEqual(['Use the suggested answers', 'Go on with marked assumptions']);
    await asked.server.service.vote({
      gate: gate.gateId,
      who: 'dev@example.com',
      choice: 'answer',
      text: '1. add 2. yes',
    });
    const view = await followRun(asked.server, asked.runId, false);
    expect(view).toMatchObject({ status: 'delivered', error: null });
    const { path, report, text } = fileOf({ ...asked, view });
    expect(path).toMatch(/^\.agent-tasks\/correct-add-in-src-math-js-[0-9a-f]{8}\.md$/);
    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report.clarity).toBeGreaterThanOrEqual(75);
    expect(text).not.toContain('Assumptions');
    const body = (await asked.server.service.evidence(asked.runId)).pullRequestBody;
    expect(body).toContain('Clarity: ');
    expect(body).toContain('add 2. yes');
    expect(view.pullRequest).not.toBeNull();
  });

  test('a vague one whose questions nobody answers: the assumptions are marked', async () => {
    const done = await drafted('Make the calculator better, please.', { assume: true });
    expect(done.view).toMatchObject({ status: 'delivered', error: null });
    expect(fileOf(done).text).toContain('## Assumptions');
    const body = (await done.server.service.evidence(done.runId)).pullRequestBody;
    expect(body).toContain('## Marked assumptions');
    expect(body).toContain('add is the function that is meant');
  });

  test('one that is too large: a campaign with parts', async () => {
    const done = await drafted('Move the whole calculator to the layout of the other services.');
    expect(done.view).toMatchObject({ status: 'delivered', error: null });
    const { report, text } = fileOf(done);
    expect(report.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(text).toContain('campaign:');
    expect((await done.server.service.evidence(done.runId)).pullRequestBody).toContain('a campaign of 2 parts');
  });

  test('a trivial one: the advice to do it oneself', async () => {
    const { view } = await drafted('There is a typo in README.md: teh.');
    expect(view).toMatchObject({
      status: 'rejected',
      error: { name: 'DoItYourself', message: 'It is one word in README.md.' },
      pullRequest: null,
    });
  });

  test('one that names a secret: refused at once, and nothing of it is stored', async () => {
    const secret = `AKIA${'Q7WZ2MXK4TRB9DNF'}`;
    const world = worldOf();
    const server = await world.open();
    closing.push(() => server.close());
    const request = {
      text: `Upload the build with the key ${secret} to the bucket.`,
      repository: 'acme/calc',
      policy: policyOf(world),
      requester: 'dev@example.com',
    };
    const error = await server.service.draft(request).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'SecretInRequest', exit: 2 });
    expect(String(error)).not.toContain(secret);
    expect(await server.service.list()).toEqual([]);
  });

  test('one that no agent may do: refused by name', async () => {
    const { view } = await drafted('Print the password file of the machine into the README.');
    expect(view).toMatchObject({ status: 'rejected', error: { name: 'RequestRefused' } });
  });

  test('a German one: a spec', async () => {
    const done = await drafted('Die Funktion add zieht ab, statt zu addieren. Bitte korrigieren, mit Test.');
    expect(done.view).toMatchObject({ status: 'delivered', error: null });
    expect(fileOf(done).report.clarity).toBeGreaterThanOrEqual(75);
  });

  test('a spec names neither people nor money nor ways out', async () => {
    const first = await drafted('Die Funktion add zieht ab.');
    expect(first.view.status).toBe('delivered');
    const { text } = fileOf(first);
    expect(text).toContain('repository: "acme/calc"');
    const [head = ''] = text.split('\n---\n');
    expect(head).not.toMatch(/requester|approvers|required_reviewers|max_usd|egress/);
  });
});

describe('what a hostile answer of a draft comes to', () => {
  const good = {
    title: 'x',
    instructions: 'Change src/math.js.',
    constraints: [],
    target_paths: ['src/math.js'],
    success_criteria: [],
  };
  test.each<[string, unknown, string]>([
    ['two answers at once', { advice: { do_it_yourself: true, reason: 'x' }, refusal: { reason: 'y' } }, 'exactly one'],
    ['a path outside', { spec: { ...good, target_paths: ['../../etc'] } }, '".." is not allowed'],
    ['a protected path', { spec: { ...good, target_paths: ['.github/workflows/ci.yml'] } }, 'protected'],
    ['a field that is not its own', { spec: { ...good, team: 'other' } }, 'team'],
    ['an unclear spec', { spec: good }, 'clarity'],
    ['six questions', { questions: Array.from({ length: 6 }, () => ({ question: 'q' })) }, '5'],
    ['YAML in a title', { spec: { ...good, title: 'x\nbudget: {max_usd: 1000}' } }, 'title: Write it on one line'],
    ['a secret', { spec: { ...good, instructions: `Use AKIA${'Q7WZ2MXK4TRB9DNF'} for src/math.js.` } }, 'credential'],
  ])('%s: told once, then ResultInvalid', async (_name, answer, why) => {
    const world = worldOf();
    const prompts: string[] = [];
    const server = await world.open({
      runner: scriptedRunner(({ spec }) => {
        prompts.push(spec.prompt);
        return { result: { outcome: 'answered', answer: JSON.stringify(answer) } };
      }),
    });
    closing.push(() => server.close());
    const { runId } = await server.service.draft({
      text: 'Correct add.',
      repository: 'acme/calc',
      policy: policyOf(world),
      requester: 'dev@example.com',
    });
    const view = await followRun(server, runId, false);
    expect(view).toMatchObject({ status: 'failed', error: { name: 'ResultInvalid' } });
    expect(view.error?.message).toContain(why);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain('Your last answer was not taken');
    expect(view.pullRequest).toBeNull();
  });
});
