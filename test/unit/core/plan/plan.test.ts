import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrydockError, errorKinds } from '../../../../core/errors.ts';
import { derivePlan } from '../../../../core/plan/derive.ts';
import { planMarkdown } from '../../../../core/plan/markdown.ts';
import { parsePlan } from '../../../../core/plan/parse.ts';
import { plannedPhases } from '../../../../core/plan/planned.ts';
import { plan } from '../../../../core/plan/schema.ts';
import { compileConstraints } from '../../../../core/task-spec/constraints.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { changeOf } from '../guard/changes.ts';
import { specBytes } from '../task-spec/specs.ts';

const least = 'phases: [{name: one}]';
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  'b: &b [*a,*a,*a,*a,*a]',
  'c: &c [*b,*b,*b,*b,*b]',
  'phases: [{name: *c}]',
].join('\n');

describe('the plan an agent left (R20)', () => {
  it('may be as small as one phase, and is filled up', () => {
    expect(parsePlan(least, 'agent')).toMatchObject({
      origin: 'agent',
      risks: [],
      phases: [{ name: 'one', files: [], checkpoint: false }],
    });
    expect(parsePlan(JSON.stringify({ phases: [{ name: 'one' }] }), 'person').origin).toBe('person');
  });

  it('cannot say where it came from', () => {
    expect(parsePlan(`origin: person\n${least}`, 'agent').origin).toBe('agent');
  });

  it.each([
    ['nothing', ''],
    ['a text', 'just words'],
    ['a list', '[1, 2]'],
    ['null', 'null'],
    ['no phase', 'phases: []'],
    ['an unknown key', `${least}\nextra: 1`],
    ['an unknown key of a phase', 'phases: [{name: one, run: rm}]'],
    ['the same key twice', `${least}\n${least}`],
    ['a prototype', `${least}\n__proto__: {a: 1}`],
    ['broken YAML', 'phases: [{name: one}'],
    ['a bomb of aliases', bomb],
    ['one alias', 'summary: &a x\nrollback: *a\nphases: [{name: one}]'],
    ['a tag', `${least}\nsummary: !!js/function "x"`],
    ['brackets without end', '['.repeat(150_000)],
    ['too much text', `summary: ${'x'.repeat(200_001)}`],
    ['a field that is too long', `${least}\nsummary: ${'x'.repeat(4_001)}`],
    ['too many phases', `phases: [${'{name: a},'.repeat(51)}]`],
    ['two documents', `${least}\n---\n${least}`],
  ])('is refused by name when it holds %s', (_, text) => {
    expect(() => parsePlan(text, 'agent')).toThrow(expect.objectContaining({ name: 'ResultInvalid' }));
  });

  it('has all its faults named at once, in bounds', () => {
    const fault = (text: string) => {
      try {
        return parsePlan(text, 'agent') && '';
      } catch (error) {
        return error instanceof DrydockError ? error.message : '';
      }
    };
    expect(fault('summary: 1\nrisks: 2')).toMatch(/summary: .*phases: .*risks: /);
    expect(fault(`${least}\nrisks: [${'1,'.repeat(100)}]`)).toMatch(/; and 80 more$/);
    expect(fault(`${least}\n${'x'.repeat(100_000)}: 1`).length).toBeLessThan(1_000);
  });

  it.each([
    ['an unknown key', 'phases:\n  - nme: a\n', /line 2: phases\.0.*nme/],
    ['a wrong value', 'summary: s\nphases:\n  - name: a\n    checkpoint: 7\n', /line 4: phases\.0\.checkpoint/],
    ['a missing value', 'summary: s\n', /line 1: phases/],
    ['text that is not YAML', 'phases: [\n', /line 2/],
  ])('of a person with %s is PlanInvalid, and names the line', (_, text, message) => {
    const fault = { name: 'PlanInvalid', message: expect.stringMatching(message) };
    expect(() => parsePlan(text, 'person')).toThrow(expect.objectContaining(fault));
    expect(errorKinds.PlanInvalid.remedy).not.toContain('sandbox');
  });

  it('either is a plan or ResultInvalid, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(...'[]{}:-&*!|> \n\'"a') })),
        (text) => {
          try {
            plan.parse(parsePlan(text, 'agent'));
          } catch (error) {
            expect(error).toMatchObject({ name: 'ResultInvalid' });
          }
        },
      ),
    );
  });
});

describe('planned and not planned', () => {
  const phases = (files: Record<string, string[]>, paths: string[]) => {
    const parsed = plan.parse({ phases: Object.entries(files).map(([name, list]) => ({ name, files: list })) });
    return Object.fromEntries(plannedPhases(parsed, changeOf(paths.map((path) => [path, ''])).manifest));
  };

  it('goes by paths, folders and globs, the first phase first', () => {
    expect(
      phases({ one: ['src/a.ts', './docs/'], two: ['src/**/*.ts', 'app/[id]/x.ts'], none: [] }, [
        'src/a.ts',
        'src/b/c.ts',
        'docs/x/y.md',
        'app/[id]/x.ts',
        'z.ts',
      ]),
    ).toEqual({
      'src/a.ts': 'one',
      'src/b/c.ts': 'two',
      'docs/x/y.md': 'one',
      'app/[id]/x.ts': 'two',
      'z.ts': undefined,
    });
  });

  it('is not led astray by globs that exclude or never end', () => {
    const hostile = ['!x', '+(+(+(+(a))))b', '*'.repeat(9).split('').join('a'), '{1..99999999}', '../x', '/x'];
    expect(phases({ one: hostile }, ['a'.repeat(200), 'x', '5'])).toEqual({
      ['a'.repeat(200)]: undefined,
      x: undefined,
      5: undefined,
    });
  });
});

describe('a derived plan', () => {
  it('is a valid plan that says where it came from', () => {
    const { spec } = parseSpec('t.yaml', specBytes({ checkpoints: ['first', 'second'] }));
    if (!spec) throw new Error('the complete spec is invalid');
    const derived = derivePlan(spec, compileConstraints(spec));
    expect(plan.parse(derived)).toEqual(derived);
    expect(derived).toMatchObject({
      origin: 'spec',
      phases: [{ name: 'first', checkpoint: true }, { name: 'second' }],
    });
    expect(planMarkdown(derived)).toContain('1. first (checkpoint)\n');
    const another = derivePlan(spec, compileConstraints(spec), ['lead: Smaller steps.']);
    expect(plan.parse(another).phases[0]?.steps).toEqual([spec.instructions.trim(), 'lead: Smaller steps.']);
  });

  it('reads as numbered phases and titled sections', () => {
    const text = planMarkdown(
      parsePlan(
        'summary: s\nphases: [{name: one, steps: [a], files: [f], tests: [t]}]\nrisks: [r]\nrollback: back',
        'agent',
      ),
    );
    expect(text).toBe('s\n\n1. one\n   - a\n   - files: f\n   - tests: t\n\nRisks:\n- r\n\nRollback:\nback');
  });

  it('keeps every line of a step within the step', () => {
    const text = planMarkdown(
      parsePlan(JSON.stringify({ phases: [{ name: 'one', steps: ['a\nb\n\nc\n'] }] }), 'agent'),
    );
    expect(text).toContain('   - a\n     b\n\n     c');
  });
});
