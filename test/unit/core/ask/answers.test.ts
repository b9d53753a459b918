import { describe, expect, test } from 'vitest';
import { actedOn } from '../../../../core/ask/acted.ts';
import { draftedFile, taskIdOf } from '../../../../core/ask/drafted.ts';
import { askTopics, maxAnswerBytes } from '../../../../core/ask/names.ts';
import { answerJsonSchema, parseAnswer } from '../../../../core/ask/topics.ts';
import { policySchema } from '../../../../core/policy/schema.ts';
import { readSpec } from '../../../../core/task-spec/parse.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`).join('\n');

describe('R52 whether a change acts on a finding', () => {
  test.each<[string, number | undefined, string | undefined, string | undefined, boolean]>([
    ['another line of the file changed', 3, file, file.replace('line 18', 'other'), false],
    ['its line changed', 3, file, file.replace('line 3', 'other'), true],
    ['a line beside it changed', 3, file, file.replace('line 4', 'other'), true],
    ['lines were added above it', 10, file, `new\nnew\n${file}`, false],
    ['nothing changed', 3, file, file, false],
    ['no line is named, and the file changed', undefined, file, file.replace('line 18', 'other'), true],
    ['the file is not in the change any more', 3, file, undefined, true],
    ['the file is in the change only now', 3, undefined, file, true],
    ['the file was in neither', 3, undefined, undefined, false],
    ['the line is after the end', 99, file, `${file}!`, true],
  ])('%s: %s', (_name, line, before, after, acted) => {
    const content = (text: string | undefined) => (text === undefined ? undefined : bytes(text));
    expect(actedOn(line === undefined ? {} : { line }, content(before), content(after))).toBe(acted);
  });
});

describe.each(askTopics)('an answer of %s', (topic) => {
  test.each([
    ['no JSON', 'x'],
    ['a number', '1'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an unknown field', '{"requester": "root"}'],
    ['too deep', '['.repeat(10_000)],
    ['too many values', `[${'0,'.repeat(20_000)}0]`],
    ['too many bytes', JSON.stringify({ summary: 'x'.repeat(maxAnswerBytes) })],
  ])('is refused with a short message: %s', (_name, text) => {
    const read = parseAnswer(topic, text);
    expect(read).toHaveProperty('faults');
    if ('faults' in read) expect(read.faults.length).toBeLessThan(6_000);
  });

  test('has a JSON Schema', () => expect(answerJsonSchema(topic)).toMatchObject({ type: 'object' }));
});

describe('R9 the file of a drafted spec', () => {
  const policy = policySchema.parse({
    version: 1,
    people: { lead: {}, dev: {} },
    repositories: { 'acme/calc': { host: 'git', url: '.' } },
  });
  const at = { taskId: 'x-12345678', repository: 'acme/calc', targetBranch: 'main' };
  const nasty = ['x\n---\nbudget: {max_usd: 999}', '"', "'", ': ', '*a', '!!js', '{a: b}', '\u2028', '```', '\\'];

  test.each(nasty)('reads back every text as it is, whatever it holds: %j', (text) => {
    const constraints = [`Keep ${text} as it is`];
    const made = draftedFile(
      {
        title: 'Correct add',
        instructions: 'In `src/math.js`, `add` subtracts. Correct it so that `add(1, 2)` returns 3.',
        constraints: [...constraints, 'Do not modify package.json'],
        target_paths: ['src/math.js'],
        excluded_paths: ['package.json'],
        success_criteria: [{ says: 'the tests pass', run: 'npm test' }],
        checkpoints: [],
        sandbox: { runtime: 'node:24', package_manager: 'npm', test_command: 'npm test' },
        assumptions: [text],
      },
      at,
      policy,
      () => false,
    );
    if ('faults' in made) return expect(made.faults).toMatch(/hidden|constraints|character/i);
    const { spec } = readSpec(made.path, bytes(made.text));
    expect(spec).toMatchObject({ task_id: at.taskId, repository: 'acme/calc', budget: {} });
    expect(spec?.constraints[0]).toBe(constraints[0]);
  });

  test.each([
    ['Größere Änderung: Über alles!', 'gro'],
    ['../../etc/passwd', 'etc-passwd-12345678'],
    ['🙂', 'draft-12345678'],
    ['a'.repeat(200), `${'a'.repeat(40)}-12345678`],
  ])('has a name that is a valid task id: %s', (title, begins) => {
    const id = taskIdOf(title, 'draft-12345678');
    expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
    expect(id.startsWith(begins.slice(0, 3)) || id === begins).toBe(true);
  });
});
