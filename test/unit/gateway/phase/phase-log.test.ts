import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PhaseLog } from '../../../../gateway/phase/phase-log.ts';

describe('what a gateway told of its phase', () => {
  test('R15 traffic is summed up by route and target', () => {
    const traffic = fc.record({
      route: fc.constantFrom('registry', 'connect'),
      target: fc.constantFrom('npm/a', 'npm/b', 'example.com'),
      bytes: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(traffic), (told) => {
        const log = new PhaseLog();
        for (const one of told) log.add({ type: 'traffic', ...one });
        const sum = (list: { bytes: number }[]): number => list.reduce((bytes, one) => bytes + one.bytes, 0);
        expect(sum(log.traffic)).toBe(sum(told));
        for (const { route, target, bytes } of log.traffic)
          expect(bytes).toBe(sum(told.filter((one) => one.route === route && one.target === target)));
      }),
    );
  });

  test('a tunnel that never ended is there, with no bytes', () => {
    const log = new PhaseLog();
    log.add({ type: 'traffic', route: 'connect', target: 'example.com', bytes: 0 });
    expect(log.traffic).toEqual([{ route: 'connect', target: 'example.com', bytes: 0 }]);
  });

  test('R19 a loop inside fills neither the list of targets nor the log', () => {
    const log = new PhaseLog();
    for (let count = 0; count < 5_000; count += 1)
      log.add({ type: 'traffic', route: 'registry', target: `npm/${count}`, bytes: 1 });
    log.add({ type: 'traffic', route: 'registry', target: 'npm/0', bytes: 9 });
    expect(log.traffic).toHaveLength(2_000);
    expect(log.traffic[0]?.bytes).toBe(10);
    const text = 'x'.repeat(8_000);
    for (let count = 0; count < 1_200; count += 1)
      log.add({ type: 'event', event: { type: 'log', source: 's', text } });
    expect(log.events.length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(log.events.length).toBeGreaterThan(8_000_000);
  });

  test('R32 events are whole lines in their order; refusals and failures are kept', () => {
    const log = new PhaseLog(() => Date.UTC(2026, 0, 1));
    const events = ['one', 'two\nlines'].map((text) => ({ type: 'message' as const, text }));
    for (const event of events) log.add({ type: 'event', event });
    log.add({ type: 'failure', name: 'BudgetExhausted', message: 'none left' });
    const lines = Buffer.from(log.events).toString('utf8').trimEnd().split('\n');
    const at = '2026-01-01T00:00:00.000Z';
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events.map((event) => ({ ...event, at })));
    expect(log.failures).toEqual([{ name: 'BudgetExhausted', message: 'none left' }]);
  });
});
