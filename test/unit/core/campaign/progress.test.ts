import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestorsOf, topological } from '../../../../core/campaign/order.ts';
import {
  dependents,
  failedPart,
  freeMicros,
  hasMore,
  type PartEnd,
  partAgain,
  startable,
  toMerge,
  withEnds,
  withoutPart,
  withStarted,
} from '../../../../core/campaign/progress.ts';
import { type CampaignState, emptyCampaign, partsMicros } from '../../../../core/campaign/state.ts';

interface Node {
  id: string;
  depends_on: string[];
  usdMicros?: number;
}

/** A graph without circles: each part depends on some of those before it. */
const graphs = fc
  .array(
    fc.record({ after: fc.array(fc.nat(20), { maxLength: 3 }), usd: fc.option(fc.integer({ min: 1, max: 300 })) }),
    {
      minLength: 2,
      maxLength: 12,
    },
  )
  .map((rows) =>
    rows.map(({ after, usd }, i): Node => {
      const before = [...new Set(after.map((n) => n % Math.max(1, i)))].filter((n) => n < i);
      return { id: `p${i}`, depends_on: before.map((n) => `p${n}`), ...(usd === null ? {} : { usdMicros: usd }) };
    }),
  );

const cap = 1_000;
const begin = (id: string, round: number) => ({ runId: `${id}/${round}` });

/** What the world does next, chosen by a number: a part ends, well or not, or its end is delivered again. */
interface Event {
  pick: number;
  ends: 'well' | 'badly';
  spends: number;
  again: boolean;
  decides: 'redo' | 'leave-out';
}
const events = fc.array(
  fc.record({
    pick: fc.nat(1_000),
    ends: fc.constantFrom<Event['ends']>('well', 'well', 'well', 'badly'),
    spends: fc.nat(1_000),
    again: fc.boolean(),
    decides: fc.constantFrom<Event['decides']>('redo', 'leave-out'),
  }),
  { minLength: 40, maxLength: 120 },
);

describe('R35 the progress of a campaign, for any graph, ends, delays and duplicates', () => {
  test('no part runs before what it depends on, none twice at once, never too many, and the money is never above the cap', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 5 }), events, (parts, atOnce, list) => {
        const own = 100;
        let state: CampaignState = emptyCampaign;
        const seen = new Map<string, PartEnd>();
        const started: string[] = [];
        let asked = 0;
        const step = (): void => {
          const ids = startable(parts, state, atOnce);
          state = withStarted(parts, state, ids, freeMicros(state, cap, own), begin);
          // A second call, as after a crash between the write and the start, starts nothing else.
          expect(startable(parts, state, atOnce)).toEqual([]);
          for (const id of ids) {
            started.push(state.parts[id]?.runId ?? '');
            for (const before of parts.find((part) => part.id === id)?.depends_on ?? [])
              expect(state.parts[before]?.status).toBe('done');
          }
          const running = Object.values(state.parts).filter(({ status }) => status === 'running');
          expect(running.length).toBeLessThanOrEqual(atOnce);
          const { spent, promised } = partsMicros(state);
          expect(own + spent + promised).toBeLessThanOrEqual(cap);
        };
        step();
        for (const event of list) {
          const running = Object.values(state.parts).filter(({ status }) => status === 'running');
          const one = running[event.pick % Math.max(1, running.length)];
          if (one) {
            const end: PartEnd = {
              delivered: event.ends === 'well',
              spentMicros: Math.min(event.spends, one.capMicros),
              ...(event.ends === 'well' ? { changeSet: { manifest: one.runId, blobs: one.runId } } : {}),
            };
            seen.set(one.runId, end);
            state = withEnds(state, new Map([[one.runId, end]]));
          }
          if (event.again) {
            const before = state;
            state = withEnds(state, seen);
            expect(state).toEqual(before);
          }
          if (
            Object.values(state.parts).every(({ status }) => status !== 'running') &&
            startable(parts, state, atOnce).length === 0
          ) {
            const failed = failedPart(parts, state);
            if (failed === undefined) break;
            asked += 1;
            state =
              event.decides === 'redo' && asked < 10 ? partAgain(state, failed) : withoutPart(parts, state, failed);
          }
          step();
        }
        // Each round of each part was started once.
        expect(new Set(started).size).toBe(started.length);
        // All that was spent is in the state, each round once.
        const sum = [...seen.values()].reduce((total, end) => total + end.spentMicros, 0);
        expect(partsMicros(state).spent).toBe(sum);
      }),
      { numRuns: 400 },
    );
  });

  test('it comes to an end: when nothing runs and nothing failed, every part is done or left out', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.boolean()), (parts, atOnce, ends) => {
        let state: CampaignState = emptyCampaign;
        for (let turns = 0; ; turns++) {
          expect(turns).toBeLessThan(1_000);
          state = withStarted(parts, state, startable(parts, state, atOnce), freeMicros(state, cap, 0), begin);
          const one = Object.values(state.parts).find(({ status }) => status === 'running');
          if (one) {
            const well = ends.next().value === true;
            const end = {
              delivered: well,
              spentMicros: 0,
              ...(well ? { changeSet: { manifest: 'm', blobs: 'b' } } : {}),
            };
            state = withEnds(state, new Map([[one.runId, end]]));
            continue;
          }
          const failed = failedPart(parts, state);
          if (failed === undefined) break;
          state = withoutPart(parts, state, failed);
        }
        expect(hasMore(parts, state)).toBe(false);
        expect(toMerge(parts, state)).toEqual(topological(parts).filter((id) => state.parts[id]?.status === 'done'));
        for (const { id } of parts) {
          expect(['done', 'left-out']).toContain(state.parts[id]?.status);
          // What depends on a part that was left out was left out too.
          if (state.parts[id]?.status === 'left-out')
            for (const other of dependents(parts, id)) expect(state.parts[other]?.status).toBe('left-out');
        }
      }),
    );
  });

  test('the topological order has each part after all its ancestors', () => {
    fc.assert(
      fc.property(graphs, (parts) => {
        const order = topological(parts);
        expect([...order].sort()).toEqual(parts.map(({ id }) => id).sort());
        for (const [id, before] of ancestorsOf(parts))
          for (const other of before) expect(order.indexOf(other)).toBeLessThan(order.indexOf(id));
      }),
    );
  });

  test('a part that names its share gets it, and the others share the rest evenly with the coordinator', () => {
    const parts: Node[] = [
      { id: 'a', depends_on: [], usdMicros: 300 },
      { id: 'b', depends_on: [] },
      { id: 'c', depends_on: ['a'] },
    ];
    const state = withStarted(parts, emptyCampaign, ['a', 'b'], 900, begin);
    expect(state.parts).toMatchObject({ a: { capMicros: 300 }, b: { capMicros: 200 } });
  });

  test('a part that is done again keeps the cost of the round before', () => {
    const parts: Node[] = [
      { id: 'a', depends_on: [] },
      { id: 'b', depends_on: [] },
    ];
    let state = withStarted(parts, emptyCampaign, ['a', 'b'], 900, begin);
    state = withEnds(state, new Map([['a/1', { delivered: false, spentMicros: 50 }]]));
    state = partAgain(state, 'a', { hint: { by: 'lead', text: 'Look again.' } });
    state = withStarted(parts, state, ['a'], freeMicros(state, 900, 0), begin);
    expect(state.parts.a).toMatchObject({ runId: 'a/2', round: 2, status: 'running', hint: { by: 'lead' } });
    expect(state.earlier).toEqual([{ part: 'a', runId: 'a/1', spentMicros: 50 }]);
    expect(partsMicros(state).spent).toBe(50);
  });
});
