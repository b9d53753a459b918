import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openInbox } from '../../../../../adapters/local/webhooks/inbox.ts';
import { DrydockError } from '../../../../../core/errors.ts';
import type { Delivery } from '../../../../../core/ports/host/inbox.ts';

const day = 24 * 3_600_000;
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-inbox-'));
  file = join(folder, 'inbox.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Time that passes only when somebody sleeps and the test lets it. */
function clock() {
  let now = Date.parse('2026-11-21T00:00:00Z');
  const naps = new Set<{ at: number; end: () => void }>();
  return {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
    },
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const nap = { at: now + ms, end: resolve };
        naps.add(nap);
        signal.addEventListener('abort', () => {
          naps.delete(nap);
          reject(signal.reason);
        });
      }),
    /** Lets the time pass until the next sleeper is due; how long that was. */
    async next(): Promise<number> {
      await settled();
      const first = Math.min(...[...naps].map(({ at }) => at));
      const passed = first - now;
      now = first;
      for (const nap of naps) if (nap.at <= now) nap.end();
      await settled();
      return passed;
    },
  };
}
/** Writes are committed in the next turn of the event loop, and what waits for them goes on in the one after. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
};

/** A delivery whose content is `body`; its event holds the same text. */
const message = (body: string, name = 'push'): Pick<Delivery, 'id' | 'event'> => ({
  id: createHash('sha256').update(`${name}\0${body}`).digest('hex'),
  event: {
    kind: 'comment',
    repository: 'acme/calc',
    sender: { login: 'dev-gh', bot: false },
    number: '1',
    commentId: '1',
    at: '2026-11-21T00:00:00Z',
    body,
  },
});
type Seen = Delivery & { body: string };
const textOf = ({ event }: Pick<Delivery, 'event'>): string => (event.kind === 'comment' ? event.body : '');

/** Works on an inbox until `stop`. */
function working(inbox: ReturnType<typeof openInbox>, handler: (d: Seen) => Promise<void>, concurrency = 1) {
  const ending = new AbortController();
  const work = inbox.work((delivery) => handler({ ...delivery, body: textOf(delivery) }), {
    concurrency,
    signal: ending.signal,
  });
  return {
    work,
    stop: async () => {
      ending.abort();
      await work;
    },
  };
}
const raw = (query: string) => {
  const db = new DatabaseSync(file);
  try {
    return db
      .prepare(query)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
};

describe('R11 the inbox of one machine', () => {
  test('hands over what came, oldest first, under the id it was given', async () => {
    const time = clock();
    const inbox = openInbox(file, time);
    for (const n of [1, 2, 3]) {
      expect(await inbox.put(message(`{"n":${n}}`))).toBe(true);
      time.advance(1);
    }
    expect(await inbox.counts()).toEqual({ waiting: 3, setAside: 0 });
    const seen: Seen[] = [];
    const { stop } = working(inbox, async (delivery) => void seen.push(delivery));
    await settled();
    expect(seen.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(seen[0]).toEqual({
      ...message('{"n":1}'),
      body: '{"n":1}',
      receivedAt: '2026-11-21T00:00:00.000Z',
      attempts: 0,
    });
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
    await stop();
    inbox.close();
    expect(raw('SELECT state, event FROM hostEvents')).toEqual([1, 2, 3].map(() => ({ state: 'done', event: null })));
  });

  test('the same content is kept once, also after it was handled, and for 30 days', async () => {
    const time = clock();
    const inbox = openInbox(file, time);
    const seen: string[] = [];
    const { stop } = working(inbox, async ({ id }) => void seen.push(id));
    const put = (name = 'push') => inbox.put(message('{}', name));
    expect(await Promise.all([put(), put(), put('status')])).toEqual([true, false, true]);
    await settled();
    expect(await put()).toBe(false);
    time.advance(30 * day);
    expect(await put()).toBe(false);
    time.advance(1);
    expect(await put()).toBe(true);
    await settled();
    expect(seen).toEqual(['push', 'status', 'push'].map((name) => message('{}', name).id));
    await stop();
    inbox.close();
  });

  test('what is put while the work sleeps wakes it', async () => {
    const inbox = openInbox(file, clock());
    const seen: string[] = [];
    const { stop } = working(inbox, async ({ body }) => void seen.push(body), 3);
    await settled();
    await inbox.put(message('{}'));
    await settled();
    expect(seen).toEqual(['{}']);
    await stop();
    inbox.close();
  });

  test('a failing delivery is tried again ever later, blocks nobody, and is set aside after twelve attempts', async () => {
    const time = clock();
    const inbox = openInbox(file, time);
    const attempts: number[] = [];
    const good: string[] = [];
    const { stop } = working(inbox, async ({ body, attempts: before }) => {
      if (body !== 'bad') return void good.push(body);
      attempts.push(before);
      throw new DrydockError('HostUnavailable', 'no answer');
    });
    await inbox.put(message('bad'));
    await inbox.put(message('good'));
    await settled();
    expect([attempts, good]).toEqual([[0], ['good']]);
    const waits: number[] = [];
    while ((await inbox.counts()).setAside === 0) {
      const before = attempts.length;
      let waited = 0;
      while (attempts.length === before) waited += await time.next();
      waits.push(waited);
    }
    expect(attempts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const full = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000);
    expect(waits).toHaveLength(full.length);
    waits.forEach((waited, i) => {
      expect(waited).toBeLessThanOrEqual(full[i] ?? 0);
      expect(waited).toBeGreaterThanOrEqual((full[i] ?? 0) / 2);
    });
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 1 });
    await stop();
    inbox.close();
    expect(raw(`SELECT event, error, attempts FROM hostEvents WHERE state = 'aside'`)).toEqual([
      { event: JSON.stringify(message('bad').event), error: 'HostUnavailable: no answer', attempts: 12 },
    ]);
  });

  test('the host may ask for a longer wait than the next one', async () => {
    const time = clock();
    const inbox = openInbox(file, time);
    const at: number[] = [];
    const { stop } = working(inbox, async () => {
      at.push(time.now());
      if (at.length === 1) throw new DrydockError('HostRateLimited', 'later', { details: { retryAfterMs: 3_600_000 } });
    });
    await inbox.put(message('{}'));
    await settled();
    while (at.length < 2) await time.next();
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBe(3_600_000);
    await stop();
    inbox.close();
  });

  test('what can never succeed is set aside at once, without secrets in its error, and taken up when it is sent again', async () => {
    const inbox = openInbox(file, clock());
    const token = `ghs_${'a'.repeat(36)}`;
    const errors: unknown[] = [
      new DrydockError('DeliveryRefused', 'the field `after` is missing'),
      new DrydockError('HostForbidden', `GitHub refused ${token}`),
    ];
    const seen: string[] = [];
    const { stop } = working(inbox, async ({ body, attempts }) => {
      seen.push(`${body} ${attempts}`);
      const error = errors.shift();
      if (error) throw error;
    });
    await inbox.put(message('a'));
    await inbox.put(message('b'));
    await settled();
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 2 });
    expect(await inbox.put(message('a'))).toBe(true);
    await settled();
    expect(seen).toEqual(['a 0', 'b 0', 'a 0']);
    expect(await inbox.put(message('a'))).toBe(false);
    await stop();
    inbox.close();
    expect(raw('SELECT state, error FROM hostEvents ORDER BY seq')).toEqual([
      { state: 'done', error: null },
      { state: 'aside', error: expect.stringContaining('HostForbidden: (not stored') },
    ]);
    expect(readFileSync(file, 'latin1')).not.toContain(token);
  });

  test('a stored event that is not one is set aside by name, and the next one is handed over', async () => {
    const inbox = openInbox(file, clock());
    const { id, event } = message('a');
    await inbox.put({ id, event: { ...event, sender: 'dev-gh' } as never });
    await inbox.put(message('b'));
    const seen: string[] = [];
    const { stop } = working(inbox, async ({ body }) => void seen.push(body));
    await settled();
    expect([seen, await inbox.counts()]).toEqual([['b'], { waiting: 0, setAside: 1 }]);
    await stop();
    inbox.close();
    expect(raw(`SELECT error FROM hostEvents WHERE state = 'aside'`)).toEqual([
      { error: 'DeliveryRefused: The stored event is not valid: sender.' },
    ]);
  });

  test('a file of an earlier version, which kept raw bodies, is opened and they are left alone', async () => {
    const earlier = new DatabaseSync(file);
    earlier.exec(
      `CREATE TABLE deliveries (seq INTEGER PRIMARY KEY, body TEXT, state TEXT, due INTEGER, doneAt INTEGER) STRICT;
       CREATE INDEX waiting ON deliveries (seq, due) WHERE state = 'waiting';
       INSERT INTO deliveries (body, state) VALUES ('{}', 'waiting')`,
    );
    earlier.close();
    const inbox = openInbox(file, clock());
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
    inbox.close();
    expect(raw('SELECT body FROM deliveries')).toEqual([{ body: '{}' }]);
  });

  test('no more than `concurrency` are in hand, and none twice at a time', async () => {
    const inbox = openInbox(file, clock());
    const open = new Map<string, () => void>();
    let most = 0;
    const { stop } = working(
      inbox,
      ({ body }) =>
        new Promise((resolve) => {
          expect(open.has(body)).toBe(false);
          open.set(body, resolve);
          most = Math.max(most, open.size);
        }),
      3,
    );
    await Promise.all(Array.from({ length: 10 }, (_, n) => inbox.put(message(String(n)))));
    let handled = 0;
    while (handled < 10) {
      await settled();
      expect(open.size).toBeGreaterThan(0);
      const [[body, end] = []] = open;
      open.delete(body ?? '');
      end?.();
      handled += 1;
    }
    await settled();
    expect(most).toBe(3);
    expect(await inbox.counts()).toEqual({ waiting: 0, setAside: 0 });
    await stop();
    inbox.close();
  });

  test('the work ends with what is in hand, and what was not begun stays', async () => {
    const inbox = openInbox(file, clock());
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const ending = new AbortController();
    await inbox.put(message('a'));
    await inbox.put(message('b'));
    const work = inbox.work(
      () => {
        begun.resolve();
        return end.promise;
      },
      { concurrency: 1, signal: ending.signal },
    );
    await begun.promise;
    ending.abort();
    end.resolve();
    await work;
    expect(await inbox.counts()).toEqual({ waiting: 1, setAside: 0 });
    inbox.close();
  });

  test('a result that cannot be written ends the work by name, and nothing more is begun', async () => {
    const inbox = openInbox(file, clock());
    const begun: string[] = [];
    const end = Promise.withResolvers<void>();
    await inbox.put(message('a'));
    await inbox.put(message('b'));
    const work = inbox.work(
      (delivery) => {
        begun.push(textOf(delivery));
        return end.promise;
      },
      { concurrency: 1, signal: new AbortController().signal },
    );
    work.catch(() => undefined);
    await settled();
    inbox.close();
    end.resolve();
    await expect(work).rejects.toMatchObject({ name: 'FileUnreadable' });
    expect(begun).toEqual(['a']);
  });

  test('what was put is there after it was closed and opened again; a delivery in hand is handed over again', async () => {
    const first = openInbox(file, clock());
    const { work } = working(first, () => new Promise(() => undefined));
    const kept = first.put(message('{}'));
    await kept;
    await settled();
    void work;
    // Committed by closing, though its turn of the event loop has not come.
    const late = first.put(message('{"late":1}'));
    first.close();
    expect(await late).toBe(true);
    await expect(first.put(message('x'))).rejects.toThrow(/closed/);
    const second = openInbox(file, clock());
    const seen: string[] = [];
    const { stop } = working(second, async ({ body }) => void seen.push(body));
    await settled();
    expect(seen).toEqual(['{}', '{"late":1}']);
    await stop();
    second.close();
  });

  test('one process holds the file at a time, and a file that is none is refused by name', () => {
    const inbox = openInbox(file, clock());
    expect(() => openInbox(file, clock())).toThrow(expect.objectContaining({ name: 'DataFolderBusy' }));
    inbox.close();
    openInbox(file, clock()).close();
    const other = join(folder, 'other');
    writeFileSync(other, 'no database, and long enough to be seen as none '.repeat(30));
    expect(() => openInbox(other, clock())).toThrow(expect.objectContaining({ name: 'FileUnreadable' }));
  });

  test('whatever is put, fails, ends and restarts: each content is done once and none is lost', async () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(5) }),
      fc.record({ fail: fc.constantFrom('transient', 'never', 'no') }),
      fc.constant({ restart: true }),
      fc.constant({ pass: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        rmSync(folder, { recursive: true, force: true });
        folder = mkdtempSync(join(tmpdir(), 'drydock-inbox-'));
        file = join(folder, 'inbox.sqlite');
        const time = clock();
        let mode = 'no';
        const done: string[] = [];
        const handler = async ({ body }: Seen): Promise<void> => {
          if (mode === 'transient') throw new Error('again');
          if (mode === 'never') throw new DrydockError('DeliveryRefused', 'no');
          done.push(body);
        };
        let inbox = openInbox(file, time);
        let { stop } = working(inbox, handler, 2);
        const given = new Set<string>();
        const restart = async (): Promise<void> => {
          await stop();
          inbox.close();
          inbox = openInbox(file, time);
          ({ stop } = working(inbox, handler, 2));
        };
        for (const act of steps) {
          if ('put' in act) {
            given.add(String(act.put));
            await inbox.put(message(String(act.put)));
          } else if ('fail' in act) mode = act.fail;
          else if ('restart' in act) await restart();
          else await time.next();
        }
        mode = 'no';
        await settled();
        for (const body of given) await inbox.put(message(body));
        await settled();
        while ((await inbox.counts()).waiting > 0) await time.next();
        await stop();
        inbox.close();
        expect([...done].sort()).toEqual([...given].sort());
      }),
      { numRuns: 25 },
    );
  });
});
