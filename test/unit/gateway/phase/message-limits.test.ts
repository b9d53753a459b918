import { describe, expect, test } from 'vitest';
import type { PhaseEvent } from '../../../../core/run/phase.ts';
import type { GatewayMessage } from '../../../../gateway/messages.ts';
import { limitMessages } from '../../../../gateway/phase/message-limits.ts';
import { PhaseLog } from '../../../../gateway/phase/phase-log.ts';

/** What a launcher is told of these messages, and what it keeps. */
function told(messages: Iterable<GatewayMessage>) {
  const passed: GatewayMessage[] = [];
  const log = new PhaseLog();
  const limiter = limitMessages((message) => {
    passed.push(message);
    log.add(message);
  });
  for (const message of messages) limiter.tell(message);
  limiter.finish();
  return { passed, log, bytes: passed.reduce((sum, message) => sum + JSON.stringify(message).length, 0) };
}
function* repeat(times: number, message: (count: number) => GatewayMessage): Generator<GatewayMessage> {
  for (let count = 0; count < times; count += 1) yield message(count);
}
const refusal = (count: number): GatewayMessage => ({
  type: 'refusal',
  refusal: { target: `t${count}`, command: 'c', reason: 'r', allow: '', at: '2026-11-01T00:00:00.000Z' },
});

describe('C3: no kind of event fills the launcher, and none takes the room of another', () => {
  const text = (length: number) => 'x'.repeat(length);
  const floods: PhaseEvent[] = [
    { type: 'step', name: text(2_000), status: 'started' },
    { type: 'step', name: 's', status: 'passed' },
    { type: 'log', source: text(2_000), text: text(8_000) },
    { type: 'log', source: 's', text: '' },
    { type: 'message', text: text(20_000) },
    { type: 'message', text: '' },
    { type: 'thought', text: text(20_000) },
    { type: 'tool', id: text(2_000), title: text(500), status: text(2_000), output: text(8_000) },
    { type: 'tool', id: 'i', title: 't', status: 's' },
    { type: 'plan', entries: Array(100).fill({ content: text(1_000), status: text(2_000) }) },
    { type: 'plan', entries: [] },
  ];
  test.each(floods)('$type', (event) => {
    const others = floods.filter((other) => other.type !== event.type);
    const times = Math.min(25_000, Math.ceil(9_000_000 / JSON.stringify(event).length));
    const { passed, log, bytes } = told([
      ...repeat(times, () => ({ type: 'event', event })),
      ...others.map((other) => ({ type: 'event' as const, event: other })),
    ]);
    expect(bytes).toBeLessThan(6 * 1024 * 1024);
    expect(passed.length).toBeLessThanOrEqual(20_000 + others.length + 1);
    for (const other of others) expect(passed).toContainEqual({ type: 'event', event: other });
    expect(passed.at(-1)).toMatchObject({ type: 'left-out', events: expect.any(Number) });
    const last = Buffer.from(log.events).toString('utf8').trimEnd().split('\n').at(-1);
    expect(last).toContain('more events: the limit for events of a phase is reached');
  });
});

test('C3: the cost is told when it has changed, so calls that cost nothing tell nothing', () => {
  const cost = (usdMicros: number): GatewayMessage => ({ type: 'event', event: { type: 'cost', usdMicros } });
  expect(told([cost(0), cost(0), cost(5), cost(5), cost(9)]).passed).toEqual([cost(0), cost(5), cost(9)]);
});

test('M7: a refusal keeps at most 300 characters of what a sandbox wrote; of many, the number of the others', () => {
  const long = 'p'.repeat(299);
  const texts = { target: `${long}\u{1F600}x`, command: `${long}yy`, reason: `${long}zz`, allow: `${long}zz` };
  const { log } = told([
    { type: 'refusal', refusal: { ...texts, at: '2026-11-01T00:00:00.000Z' } },
    ...repeat(1_500, refusal),
  ]);
  expect(log.refusals).toHaveLength(501);
  expect(log.refusals[0]).toMatchObject({ target: long, command: `${long}y`, reason: `${long}z`, allow: `${long}z` });
  expect(log.refusals.at(-1)).toMatchObject({ target: 'and 1001 more', allow: '' });
  expect(JSON.stringify(log.refusals).length).toBeLessThan(500 * 200);
});

test('traffic over the limit is told as one sum, failures over theirs not at all', () => {
  const { passed, log } = told([
    ...repeat(10_500, () => ({ type: 'traffic', route: 'registry', target: `npm/${'n'.repeat(1_000)}`, bytes: 2 })),
    ...repeat(50, (count) => ({ type: 'failure', name: 'BudgetExhausted', message: `${count}${'m'.repeat(5_000)}` })),
  ]);
  expect(log.traffic).toEqual([
    { route: 'registry', target: `npm/${'n'.repeat(296)}`, bytes: 20_000 },
    { route: 'more', target: 'and 500 more', bytes: 1_000 },
  ]);
  expect(log.failures).toHaveLength(20);
  expect(log.failures[0]?.message).toHaveLength(2_000);
  expect(passed).toHaveLength(10_000 + 20 + 1);
});
