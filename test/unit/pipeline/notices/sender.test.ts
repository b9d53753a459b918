import { describe, expect, test } from 'vitest';
import { DrydockError } from '../../../../core/errors.ts';
import type { Notice } from '../../../../core/notification/notice.ts';
import type { Channel } from '../../../../core/ports/runtime/notifier.ts';
import type { Delivery, Outbox, OutboxEntry } from '../../../../core/ports/store/outbox.ts';
import { createSender, type Sender, type SenderOptions } from '../../../../pipeline/notices/sender.ts';
import { sampleNotice } from '../../../support/notices.ts';

const start = Date.parse('2026-11-27T06:27:00.000Z');

/** The port's contract in memory; the adapters are held to it in test/machine/contract. */
function memory(): Outbox & { entries: Map<string, OutboxEntry> } {
  const entries = new Map<string, OutboxEntry>();
  const copy = (entry: OutboxEntry): OutboxEntry => structuredClone(entry);
  return {
    entries,
    async add(entry) {
      if (!entries.has(entry.notice.key)) entries.set(entry.notice.key, copy(entry));
      return copy(entries.get(entry.notice.key) ?? entry);
    },
    get: async (key) => (entries.has(key) ? copy(entries.get(key) as OutboxEntry) : undefined),
    async replace(entry, deliveries) {
      const stored = entries.get(entry.notice.key);
      if (stored?.version !== entry.version) return undefined;
      const next = copy({ ...entry, deliveries, version: entry.version + 1 });
      entries.set(entry.notice.key, next);
      return copy(next);
    },
    due: async (now) =>
      [...entries.values()]
        .filter(({ deliveries }) =>
          deliveries.some(({ state, dueAt }) => (state === 'pending' || state === 'sending') && dueAt <= now),
        )
        .map(({ notice }) => notice.key),
    list: async () => [...entries.values()].map(copy),
  };
}

type Sent = { to: string; id: string };

function world(more: Partial<SenderOptions> = {}, store = memory()) {
  const sent: Sent[] = [];
  const unsent: string[] = [];
  const faults: Error[] = [];
  const time = { now: start };
  const channel: Channel = {
    name: 'mail',
    recipients: ({ to }) => to,
    async send(_notice, to, id) {
      const fault = faults.shift();
      if (fault) throw fault;
      sent.push({ to, id });
    },
  };
  const options: SenderOptions = {
    outbox: store,
    channels: [channel],
    clock: {
      now: () => time.now,
      sleep: async (ms) => {
        time.now += ms;
      },
    },
    quietOf: () => undefined,
    urgent: [],
    isDecided: async () => false,
    log: ({ name }) => void unsent.push(name),
    random: () => 1,
    ...more,
  };
  const sender = createSender(options);
  const state = (): Delivery[] => [...store.entries.values()].flatMap(({ deliveries }) => deliveries);
  return { sender, options, store, sent, unsent, faults, time, state, channel };
}
const tell = async (sender: Sender, notice: Notice): Promise<void> => {
  await sender.notify(notice);
  await sender.flush(notice.key, 5_000);
};
const notice = sampleNotice('plan', { to: ['anna', 'ben'] });
const away = (): Error => new DrydockError('Conflict', 'away');

describe('R24 a notice', () => {
  test('is sent once to each person, however often it is told, with the facts and the words stored', async () => {
    const { sender, sent, store, state } = world();
    await Promise.all(Array.from({ length: 8 }, () => tell(sender, notice)));
    await tell(sender, notice);
    expect(sent.map(({ to }) => to).sort()).toEqual(['anna', 'ben']);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    expect(state().map(({ state: is }) => is)).toEqual(['sent', 'sent']);
    const [entry] = await store.list(1);
    expect(entry).toMatchObject({
      notice,
      subject: expect.stringContaining('Plan to approve'),
      text: expect.stringContaining('$0.58 of $3.00'),
    });
    expect(await sender.known(notice.key)).toBe(true);
  });

  test('that a channel cannot take now is tried again with growing waits, and does not hold up others', async () => {
    const { sender, sent, faults, time, state } = world();
    faults.push(away(), away());
    await sender.notify(notice);
    await sender.sendDue();
    expect([sent, state().map(({ error }) => error?.name)]).toEqual([[], ['Conflict', 'Conflict']]);
    expect(await sender.sendDue()).toBe(0);
    time.now += 1_000;
    faults.push(away());
    await sender.sendDue();
    expect(sent.map(({ to }) => to)).toEqual(['ben']);
    // The second wait is longer than the first.
    time.now += 1_000;
    expect(await sender.sendDue()).toBe(0);
    time.now += 1_000;
    await sender.sendDue();
    expect(sent.map(({ to }) => to)).toEqual(['ben', 'anna']);
  });

  test('that is refused, or fails for long, is given up, and the reason is kept and logged', async () => {
    const refused = world();
    refused.faults.push(new DrydockError('ServiceRefused', 'no'));
    await tell(refused.sender, { ...notice, to: ['anna'] });
    expect([refused.unsent, refused.state()[0]?.state]).toEqual([['ServiceRefused'], 'failed']);
    const long = world();
    long.faults.push(...Array.from({ length: 30 }, away));
    await long.sender.notify({ ...notice, to: ['anna'] });
    for (let look = 0; look < 40; look++) {
      await long.sender.sendDue();
      long.time.now += 3_600_000;
    }
    expect([long.unsent, long.state()[0]?.state, long.state()[0]?.attempts]).toEqual([['Conflict'], 'failed', 12]);
    const defect = world();
    defect.faults.push(new TypeError('a defect'));
    await tell(defect.sender, { ...notice, to: ['anna'] });
    expect(defect.state()[0]).toMatchObject({ state: 'failed', error: { name: 'Internal' } });
  });

  test('about a gate that was decided meanwhile is not sent late', async () => {
    const { sender, sent, time, state, faults } = world({ isDecided: async () => true });
    await tell(sender, { ...notice, to: ['anna'] });
    expect(sent).toHaveLength(1);
    faults.push(away());
    await sender.notify({ ...notice, key: 'later', to: ['ben'] });
    await sender.sendDue();
    time.now += 120_000;
    await sender.sendDue();
    expect([sent.length, state().at(-1)?.state]).toEqual([1, 'obsolete']);
  });
});

const turns = async (count: number): Promise<false> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  return false;
};

describe('R12 a process that dies', () => {
  /** Each call of the outbox and the channel, in their order; the process dies before or after the n-th of them. */
  const dies = async (at: number, when: 'before' | 'after') => {
    const store = memory();
    let calls = 0;
    const dying =
      <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        const own = ++calls;
        if (own > at || (own === at && when === 'before')) return new Promise<Result>(() => undefined);
        const result = await call(...args);
        return own === at ? new Promise<Result>(() => undefined) : result;
      };
    const first = world({}, store);
    const dead = createSender({
      ...first.options,
      outbox: { ...store, add: dying(store.add), get: dying(store.get), replace: dying(store.replace) },
      channels: [{ ...first.channel, send: dying(first.channel.send) }],
    });
    const one = { ...notice, to: ['anna'] };
    const ended = await Promise.race([
      tell(dead, one).then(() => true),
      // All calls are in memory: what has not ended after so many turns waits for the dead.
      turns(100),
    ]);
    // The step is called again by another process, and later ones look for what is due.
    await tell(first.sender, one);
    first.time.now += 120_000;
    await first.sender.sendDue();
    return { ended, calls, ...first };
  };

  test('between any two calls is followed by another one: the message comes, at most twice and then with the same id', async () => {
    let doubled = 0;
    let at = 1;
    for (; ; at++) {
      for (const when of ['before', 'after'] as const) {
        const { sent, state } = await dies(at, when);
        expect([at, when, sent.length]).toEqual([at, when, expect.toSatisfy((n: number) => n === 1 || n === 2)]);
        expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
        expect(state().map(({ state: is }) => is)).toEqual(['sent']);
        doubled += sent.length - 1;
      }
      if ((await dies(at, 'after')).ended) break;
    }
    expect(at).toBeGreaterThan(4);
    // After it was sent, and before that was written down: in these calls only it comes twice.
    expect(doubled).toBeGreaterThan(0);
    expect(doubled).toBeLessThanOrEqual(5);
  });
});

describe('quiet hours', () => {
  const quiet = { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' };
  // 23:30 in Berlin.
  const night = Date.parse('2026-11-27T22:30:00.000Z');
  const at = new Date(night).toISOString();
  const quietWorld = (more: Partial<SenderOptions> = {}) => {
    const found = world({ quietOf: (person) => (person === 'anna' ? quiet : undefined), ...more });
    found.time.now = night;
    return found;
  };

  test('hold a message until they end, for the person who has them, across a restart', async () => {
    const { sender, sent, time, options } = quietWorld();
    await tell(sender, { ...notice, at });
    expect(sent.map(({ to }) => to)).toEqual(['ben']);
    const other = createSender(options);
    time.now = Date.parse('2026-11-28T05:59:59.000Z');
    expect(await other.sendDue()).toBe(0);
    time.now = Date.parse('2026-11-28T06:00:00.000Z');
    await other.sendDue();
    expect(sent.map(({ to }) => to)).toEqual(['ben', 'anna']);
  });

  test('never hold it to the expiry of its gate, and not what the policy calls urgent', async () => {
    const soon = quietWorld();
    const { gate } = notice;
    await tell(soon.sender, {
      ...notice,
      at,
      ...(gate ? { gate: { ...gate, expiresAt: '2026-11-28T06:30:00.000Z' } } : {}),
    });
    expect(soon.sent).toHaveLength(2);
    const urgent = quietWorld({ urgent: ['plan'] });
    await tell(urgent.sender, { ...notice, at });
    expect(urgent.sent).toHaveLength(2);
  });
});
