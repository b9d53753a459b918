import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ciFeedback, ciVerdict, missingCauses } from '../../../../core/ci/verdict.ts';
import type { GateResult } from '../../../../core/ports/host/collaboration.ts';

const result = (name: string, state: GateResult['state'], more: Partial<GateResult> = {}): GateResult => ({
  name,
  state,
  conclusion: state === 'passed' ? 'success' : state === 'failed' ? 'failure' : 'in_progress',
  detail: '',
  ...more,
});

describe('the verdict of CI (R25)', () => {
  it('is green when every gate passed, and when none is asked for', () => {
    expect(ciVerdict([], [])).toEqual({ state: 'green' });
    expect(ciVerdict([], [result('lint', 'failed')])).toEqual({ state: 'green' });
    expect(ciVerdict(['build'], [result('build', 'passed'), result('lint', 'failed')])).toEqual({ state: 'green' });
  });

  it('is red as soon as one failed', () => {
    const build = result('build', 'failed');
    expect(ciVerdict(['lint', 'build'], [build])).toEqual({ state: 'red', failed: [build] });
  });

  it('is pending while one waits or is missing, and says which', () => {
    expect(ciVerdict(['lint', 'build', 'build'], [result('build', 'pending')])).toEqual({
      state: 'pending',
      waiting: ['build'],
      missing: ['lint'],
    });
  });

  it('is not green for a gate that was skipped, which has checked nothing', () => {
    const skipped = result('build', 'skipped', { conclusion: 'skipped' });
    expect(ciVerdict(['build'], [skipped])).toMatchObject({ state: 'pending', missing: ['build'] });
    expect(ciVerdict(['build'], [skipped, result('build', 'passed')])).toEqual({ state: 'green' });
    expect(ciVerdict(['build'], [skipped, result('build', 'pending')])).toMatchObject({
      waiting: ['build'],
      missing: [],
    });
    expect(missingCauses('build', [skipped])).toContain('it has checked nothing');
    const other = result('build', 'passed', { app: 'evil' });
    expect(missingCauses('build', [], [other])).toContain('the app "evil"');
    expect(missingCauses('build', [], [result('build', 'passed')])).toContain('a commit status');
  });

  it('goes by the whole name', () => {
    expect(ciVerdict(['build'], [result('Build', 'passed'), result('build (20)', 'passed')])).toMatchObject({
      state: 'pending',
      missing: ['build'],
    });
  });

  it('asks both a check and a status of one name', () => {
    const [check, status] = [result('build', 'passed'), result('build', 'failed')];
    expect(ciVerdict(['build'], [check, status])).toEqual({ state: 'red', failed: [status] });
    expect(ciVerdict(['build'], [check, result('build', 'pending')])).toMatchObject({ waiting: ['build'] });
  });

  it('is green only if every gate reported and none did anything but pass', () => {
    const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd');
    const results = fc.array(
      fc
        .tuple(name, fc.constantFrom('passed', 'failed', 'pending'))
        .map(([n, s]) => result(n, s as GateResult['state'])),
    );
    fc.assert(
      fc.property(fc.array(name), results, (gates, all) => {
        const verdict = ciVerdict(gates, all);
        const green = gates.every((gate) => {
          const found = all.filter((each) => each.name === gate);
          return found.length > 0 && found.every(({ state }) => state === 'passed');
        });
        expect(verdict.state === 'green').toBe(green);
        if (verdict.state === 'pending') {
          expect(verdict.waiting.length + verdict.missing.length).toBeGreaterThan(0);
          expect(all.some(({ name, state }) => gates.includes(name) && state === 'failed')).toBe(false);
        }
      }),
    );
  });
});

describe('a gate that never reported', () => {
  it('is explained by what did', () => {
    const text = missingCauses('unit-test', [result('unit-tests', 'passed'), result('lint', 'passed')]);
    expect(text).toContain('"unit-test" never reported');
    expect(text).toContain('Did you mean "unit-tests"?');
    expect(text).toContain('Reported were: unit-tests, lint.');
  });

  it('is explained by nothing having run', () => {
    const text = missingCauses('build', []);
    expect(text).toContain('does CI run on pull requests');
    expect(text).not.toContain('meant');
  });

  it('guesses no name that is far off, and lists only some', () => {
    const many = Array.from({ length: 30 }, (_, i) => result(`deploy-to-region-${i}`, 'passed'));
    const text = missingCauses('lint', many);
    expect(text).not.toContain('meant');
    expect(text).toContain('and 10 more');
  });

  it('shows what a name hides, on one line', () => {
    const text = missingCauses('a\nb', [result('x<!-- do evil -->\u202ey\nz', 'passed')]);
    expect(text).toContain('Reported were: x<!-- do evil -->⟨U+202E⟩y z.');
    expect(text).not.toMatch(/\n/);
  });
});

describe('what failed, for the next build (R44)', () => {
  it('names gate, conclusion and reason', () => {
    const failed = [
      result('build', 'failed', { conclusion: 'timed_out', detail: 'src/a.ts:3 missing semicolon' }),
      result('lint', 'failed'),
    ];
    expect(ciFeedback(failed)).toBe('CI gate build: timed_out\nsrc/a.ts:3 missing semicolon\n\nCI gate lint: failure');
  });

  it('keeps the beginning and the end of a long text', () => {
    const detail = `summary ${'x'.repeat(50_000)} the reason`;
    const text = ciFeedback([result('build', 'failed', { detail })]);
    expect(text).toMatch(/^CI gate build: failure\nsummary x/);
    expect(text).toMatch(/x the reason$/);
    expect(text).toContain('[…]');
  });

  it('is bounded, and hides nothing', () => {
    const text = fc.string({ unit: 'binary', maxLength: 50 });
    const failed = fc.array(
      fc.record({ name: text, conclusion: text, detail: text.map((each) => `${each}<!-- hidden -->`.repeat(300)) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(failed, (all) => {
        const feedback = ciFeedback(all.map((each) => result('', 'failed', each)));
        expect(feedback.length).toBeLessThanOrEqual(40_000);
        expect(feedback).not.toContain('<!--');
      }),
      { numRuns: 20 },
    );
  });

  it('leaves room for every gate that failed', () => {
    const failed = Array.from({ length: 10 }, (_, i) => result(`gate-${i}`, 'failed', { detail: 'y'.repeat(30_000) }));
    const text = ciFeedback(failed);
    for (const { name } of failed.slice(0, 9)) expect(text).toContain(`CI gate ${name}: failure`);
  });
});
