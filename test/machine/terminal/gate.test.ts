import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { drydockIn, type Tmux } from '../../support/tmux.ts';
import { createWorld, goodAgent, type World } from '../../support/world.ts';

let world: World;
let at: Tmux | undefined;

beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  at?.close();
  at = undefined;
  world.remove();
});

const flags = (): string[] => ['--policy', join(world.folder, 'policy.yaml'), '--data', world.data];
const run = (
  options: { columns?: number; env?: Record<string, string>; spec?: Record<string, unknown> } = {},
): Tmux => {
  const { file } = world.spec(options.spec);
  at = drydockIn(world.folder, ['run', file, '--as', 'lead', ...flags()], options);
  return at;
};
const events = (task = 'FIX-1'): string => cli(world, 'events', task, '--data', world.data).stdout;
/** The requester of these runs may approve them. */
const alone = (): void => {
  world.policy({ review: { approvers: ['lead'], solo: true } });
};

describe('PAGES D2 D3: a gate in a terminal', () => {
  test.each([60, 120])('is answered from a list, and from texts, at %i columns', async (columns) => {
    alone();
    const terminal = run({ columns });
    const asked = await terminal.shows('(as lead)> Approve');
    expect(asked).toContain('❯ 1  Approve\n');
    terminal.press('Down');
    await terminal.shows('(as lead)> Approve with a constraint…');
    terminal.press('Enter');
    await terminal.shows('Which constraint is added?');
    terminal.type('Keep 漢字 as they are');
    await terminal.shows('(as lead)> Keep 漢字 as they are');
    terminal.press('Enter');
    // The review of the change comes next; a number chooses too.
    await terminal.shows('Approve the change?');
    terminal.press('2');
    await terminal.shows(/\(as lead\)> Read the change$/);
    terminal.press('1', 'Enter');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.screen()).toMatch(/delivered {2}FIX-1/);
    expect(cli(world, 'show', 'FIX-1', '--data', world.data).stdout).toContain('added   Keep 漢字 as they are');
  });

  test('a prompt is still there after the terminal has another width, and nothing has written over it', async () => {
    alone();
    const terminal = run({ columns: 120 });
    await terminal.shows('(as lead)> Approve');
    terminal.resize(60);
    terminal.press('Down');
    await terminal.shows(/❯ 2 {2}Approve with a constraint…[\s\S]*\(as lead\)> Approve with a constraint…$/);
    terminal.resize(120);
    terminal.press('Up');
    const text = await terminal.shows(/❯ 1 {2}Approve\n[\s\S]*\(as lead\)> Approve$/);
    expect(text.match(/step \d of \d/g)).toBeNull();
  });

  test.each([
    ['Ctrl-C', 'C-c'],
    ['Ctrl-D', 'C-d'],
    ['Esc', 'Escape'],
  ])('%s leaves it open: exit 5, with the command that goes on', async (_name, key) => {
    alone();
    const terminal = run();
    await terminal.shows('(as lead)> Approve');
    terminal.press(key);
    expect(await terminal.ended()).toBe(5);
    expect(terminal.screen()).toContain('The gate stays open.');
    expect(terminal.screen()).toContain('drydock approve FIX-1');
    expect(terminal.screen()).not.toMatch(/Internal|defect/);
  });

  test('Esc in a text goes back to the choices, and Ctrl-C in it leaves the gate', async () => {
    alone();
    const terminal = run();
    await terminal.shows('(as lead)> Approve');
    terminal.press('Down', 'Enter');
    await terminal.shows('Which constraint is added?');
    terminal.press('Escape');
    await terminal.shows(/\(as lead\)> Approve$/);
    terminal.press('Down', 'Enter');
    await terminal.shows(/Which constraint is added\?[\s\S]*Which constraint is added\?/);
    terminal.press('C-c');
    expect(await terminal.ended()).toBe(5);
  });

  test('who may not vote is told who may, and the run waits', async () => {
    world.policy({ review: { approvers: ['lead', 'second'] } });
    const terminal = run();
    await terminal.shows('(as lead)> Approve');
    terminal.press('Enter');
    await terminal.shows('Somebody else has to decide: drydock approve FIX-1 --as WHO');
    terminal.press('C-c');
    expect(await terminal.ended()).toBe(5);
  });

  test('a gate that is decided elsewhere closes the prompt, and the run goes on', async () => {
    alone();
    const terminal = run();
    await terminal.shows('(as lead)> Approve');
    expect(cli(world, 'approve', 'FIX-1', '--as', 'lead', '--data', world.data).code).toBe(0);
    await terminal.shows('The gate was decided in another place meanwhile.');
    await terminal.shows('Approve the change?');
  });
});

test('a question is a list with the suggested answer first, and other words are a text', async () => {
  world.policy({ review: { plan: 'optional', approvers: ['lead'], solo: true } });
  world.agent(`if (!prompt.includes('Use plus')) {
  fs.writeFileSync(out + '/question.json', JSON.stringify({ question: 'Which sign?', context: 'The two differ.', options: ['Use minus', 'Use plus'], suggested: 'Use plus' }));
} else { ${goodAgent} }`);
  const terminal = run();
  const text = await terminal.shows('What is the answer?');
  expect(text).toContain('The two differ.');
  await terminal.shows(/❯ 1 {2}Use plus \(suggested\)\n.*2 {2}Use minus\n.*3 {2}Other words…/);
  terminal.press('3', 'Enter');
  await terminal.shows(/What is the answer\?[\s\S]*What is the answer\?/);
  terminal.type('Use plus, please');
  terminal.press('Enter');
  await terminal.shows('Approve the change?');
  expect(events()).toContain('lead: answer — Use plus, please');
});

test('PAGES D7: an edited plan with a fault is shown with its line and edited again; nothing is lost', async () => {
  alone();
  const editor = join(world.folder, 'editor.mjs');
  // Makes a fault the first time; mends only that the second time, so that its first words have to be there still.
  writeFileSync(
    editor,
    `#!${process.execPath}
import { readFileSync, writeFileSync } from 'node:fs';
const file = process.argv[2];
const text = readFileSync(file, 'utf8');
writeFileSync(file, text.includes('- nme:') ? text.replace('- nme:', '- name:') : text.replace(/- name: .*/, '- nme: Written once'));
`,
  );
  chmodSync(editor, 0o755);
  const terminal = run({ env: { EDITOR: editor } });
  await terminal.shows('(as lead)> Approve');
  terminal.press('3', 'Enter');
  const faulty = await terminal.shows('The edited plan cannot be used.');
  expect(faulty).toContain('PlanInvalid');
  expect(faulty).toMatch(/\d │ {3}- nme: Written once/);
  expect(faulty).toContain('❯ 1  Edit it again');
  terminal.press('Enter');
  await terminal.shows(/❯ 1 {2}Approve the edited plan\n/);
  terminal.press('Enter');
  await terminal.shows('Approve the change?');
  expect(cli(world, 'show', 'FIX-1', '--data', world.data).stdout).toContain('1  Written once');
});

test('Ctrl-C in a phase clears the live line, and says that the same command goes on', async () => {
  world.policy({ review: { plan: 'optional', approvers: ['lead'], solo: true } });
  world.agent(
    `if (phase === 'build') { fs.writeFileSync('started', ''); await new Promise((resolve) => setTimeout(resolve, 600_000)); }`,
  );
  const terminal = run();
  await terminal.shows(/Build, step 4 of 9/);
  terminal.press('C-c');
  expect(await terminal.ended()).toBe(130);
  const text = terminal.screen();
  expect(text).toContain('type the same command again to go on');
  expect(text).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
});

test('the change is read through the pager of the user, and the choices come back', async () => {
  alone();
  const pager = join(world.folder, 'pager.mjs');
  const seen = join(world.folder, 'seen');
  writeFileSync(
    pager,
    `#!${process.execPath}\nimport { writeFileSync } from 'node:fs';\nlet text = '';\nfor await (const chunk of process.stdin) text += chunk;\nwriteFileSync(${JSON.stringify(seen)}, text);\n`,
  );
  chmodSync(pager, 0o755);
  const terminal = run({ env: { PAGER: pager } });
  await terminal.shows('(as lead)> Approve');
  terminal.press('Enter');
  await terminal.shows('Approve the change?');
  terminal.press('2', 'Enter');
  await terminal.shows(/Approve the change\?[\s\S]*Approve the change\?/);
  expect(readFileSync(seen, 'utf8')).toContain('+export const add = (a, b) => a + b;');
});
