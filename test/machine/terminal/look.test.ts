import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, type Said } from '../../support/cli.ts';
import { createWorld, goodAgent, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  world.remove();
});

const here = (...args: string[]): Said => cli(world, ...args, '--data', world.data);
const withPolicy = (...args: string[]): Said => here(...args, '--policy', join(world.folder, 'policy.yaml'));
const runIt = (): Said => withPolicy('run', world.spec().file, '--as', 'dev@example.com');

describe('drydock inbox', () => {
  test('lists what waits for a person: 5 if something does, else 0', () => {
    expect(withPolicy('inbox', '--as', 'lead')).toMatchObject({ code: 0, stdout: 'Nothing waits for lead.\n' });
    expect(runIt().code).toBe(5);
    const mine = withPolicy('inbox', '--as', 'lead@example.com');
    expect(mine.code).toBe(5);
    expect(mine.stdout).toMatch(/^1 decision waits for you/);
    expect(mine.stdout).toContain('acme/calc · you or second · waits');
    const others = withPolicy('inbox', '--as', 'dev@example.com', '--json');
    expect([others.code, others.json]).toMatchObject([0, { person: 'dev@example.com', decisions: [], others: 1 }]);
    const all = withPolicy('inbox', '--as', 'dev@example.com', '--all', '--json');
    expect([all.code, all.json]).toMatchObject([5, { decisions: [{ taskId: 'FIX-1', gate: { kind: 'plan' } }] }]);
  });
});

describe('drydock diff', () => {
  test('shows the change at the gate before it is published, whole or in part; hidden characters are visible', () => {
    world.spec({ constraints: [] });
    world.agent(`${goodAgent}
fs.mkdirSync('docs', { recursive: true });
fs.writeFileSync('docs/evil.md', '\\u001b[2Jgone\\u202E\\n');`);
    const { file } = world.spec({ constraints: [], checkpoints: ['before the end'] });
    expect(withPolicy('run', file, '--as', 'dev@example.com').code).toBe(5);
    expect(here('diff', 'FIX-1')).toMatchObject({ code: 0, stdout: '', stderr: 'FIX-1 has no change yet.\n' });
    expect(here('approve', 'FIX-1', '--as', 'lead').code).toBe(0);
    expect(withPolicy('run', file, '--as', 'dev@example.com').code).toBe(5);
    const whole = here('diff', 'FIX-1');
    expect(whole.code).toBe(0);
    expect(whole.stdout).toContain('+export const add = (a, b) => a + b;\n');
    expect(whole.stdout).toContain('+⟨U+001B⟩[2Jgone⟨U+202E⟩');
    expect(whole.stdout).not.toContain('\u001b');
    const part = here('diff', 'FIX-1', './src/');
    expect(part.stdout).toContain('diff --git a/src/math.js b/src/math.js');
    expect(part.stdout).not.toContain('evil');
    expect(here('diff', 'FIX-1', 'docs/evil.md', '--json').json).toMatchObject({
      taskId: 'FIX-1',
      truncated: false,
      files: [
        {
          path: 'docs/evil.md',
          op: 'added',
          added: 1,
          removed: 0,
          diff: expect.stringContaining('\u001b[2Jgone\u202E'),
        },
      ],
    });
    const none = here('diff', 'FIX-1', 'lib');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('docs/evil.md, src/math.js')]);
  });
});

test('PAGES D6: show says off a terminal too what was asked, what the gate asks, and who decides', () => {
  runIt();
  const { stdout } = here('show', 'FIX-1');
  // The lines that were there first stay as they were.
  expect(stdout).toMatch(
    /^waiting {2}FIX-1 {2}r-[0-9a-f]{8}\n {2}cost {4}\$0\.00, 0 tokens in, 0 out\n {2}next {4}drydock approve FIX-1 \[--as WHO\]\n\n/,
  );
  for (const line of [
    'Approve the plan',
    'acme/calc → main',
    'Needs you: plan  asked by dev@example.com, team default, agent codemod',
    '  ◆ plan approved  waits for a person',
    '  Make add in src/math.js add.',
    '  guard   Change only src/math.js',
    'decides   lead or second',
  ])
    expect(stdout.split('\n')).toContainEqual(expect.stringContaining(line));
});

test('answer --option chooses an option by its number; one that there is not is refused', () => {
  world.policy({ review: { plan: 'optional', approvers: ['lead'], solo: true } });
  world.agent(`if (prompt.includes('second word')) { ${goodAgent} } else {
  fs.writeFileSync(out + '/question.json', JSON.stringify({ question: 'Which?', context: '', options: ['first word', 'second word'] }));
}`);
  const { file } = world.spec();
  expect(withPolicy('run', file, '--as', 'lead').code).toBe(5);
  expect(here('answer', 'FIX-1', '--option', '3', '--as', 'lead')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('AnswerInvalid'),
  });
  expect(here('answer', 'FIX-1', '--option', '2', '--as', 'lead').code).toBe(0);
  expect(here('answer', 'FIX-1', '--as', 'lead').code).toBe(2);
  expect(here('events', 'FIX-1').stdout).toContain('lead: answer — second word');
});

test('PAGES D5: run of a spec that has to wait for a slot ends with 5, and adds one gate however often it is repeated', () => {
  world.policy({ limits: { concurrent_runs: 1 } });
  expect(runIt().code).toBe(5);
  const second = join(world.folder, 'FIX-2.yaml');
  writeFileSync(second, world.spec({ task_id: 'FIX-2' }).bytes);
  for (const _ of [1, 2, 3]) {
    const queued = withPolicy('run', second, '--as', 'dev@example.com', '--json');
    expect([queued.code, queued.json]).toMatchObject([5, { status: expect.stringMatching(/queued|duplicate/) }]);
  }
  const { json } = here('audit', 'FIX-2', '--json');
  expect((json.gates as { kind: string }[]).map(({ kind }) => kind)).toEqual(['slot']);
});
