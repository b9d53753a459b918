import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Deps } from '../../../pipeline/deps.ts';
import { watch } from '../../../pipeline/service/watch.ts';

const event = (key: string) => ({ key, at: '2026-11-21T12:00:00.000Z', type: 'part-started', text: key });

test('a watcher sees each event once, although a state that is entered again appends its events again', async () => {
  const bus = new EventEmitter();
  const deps = { runs: { events: async () => [event('a')], get: async () => undefined } } as unknown as Deps;
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const item of watch(deps, bus, 'r-1', stop.signal)) {
    if (item.kind !== 'event') continue;
    seen.push(item.event.key);
    if (item.event.key === 'a')
      for (const key of ['b', 'a', 'b', 'c']) bus.emit('r-1', { kind: 'event', event: event(key) });
    if (item.event.key === 'c') stop.abort();
  }
  expect(seen).toEqual(['a', 'b', 'c']);
});
