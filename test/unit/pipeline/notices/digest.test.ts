import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../../core/run/record.ts';
import { sendDigest } from '../../../../pipeline/notices/digest.ts';
import { noticeWorld } from '../../../support/notice-world.ts';

/** A world whose policy has a digest, with a store of firings that other processes share. */
async function digestWorld(
  digest: { at?: string; timezone?: string; days?: 'daily' | 'weekdays' },
  runs: Partial<RunRecord>[] = [],
) {
  const world = await noticeWorld({ policy: { notify: { digest } } });
  const notes = new Map<string, string>();
  const waiting = [world.record];
  const ended = runs.map((run) => ({ ...world.record, status: 'delivered', ...run }) as RunRecord);
  Object.assign(world.deps, {
    firings: {
      find: async (key: string) => notes.get(key),
      async claim(key: string, note: string) {
        if (!notes.has(key)) notes.set(key, note);
        return notes.get(key);
      },
    },
    gates: { ...world.deps.gates, many: async () => [world.gate] },
    runs: {
      ...world.deps.runs,
      page: async ({ statuses }: { statuses?: string[] }) => ({ runs: statuses ? waiting : ended, unreadable: [] }),
    },
  });
  const at = async (iso: string): Promise<number> => {
    world.clock.at = Date.parse(iso);
    return sendDigest(world.deps, world.messages, world.policy);
  };
  return { ...world, at };
}

describe('the digest', () => {
  test('comes once at its time to each approver, and once for all, with what waits and what ended since the last one', async () => {
    const world = await digestWorld({ at: '08:00', days: 'daily' }, [
      { endedAt: '2026-11-27T09:00:00.000Z' },
      { endedAt: '2026-11-27T10:00:00.000Z', status: 'failed' },
      { endedAt: '2026-11-26T10:00:00.000Z' },
    ]);
    // The first look is not the time for one.
    expect(await world.at('2026-11-27T08:30:00Z')).toBe(0);
    expect(await world.at('2026-11-28T07:59:00Z')).toBe(0);
    expect(await world.at('2026-11-28T08:00:30Z')).toBe(2);
    expect(await world.at('2026-11-28T08:05:00Z')).toBe(0);
    expect(world.said.map(({ to }) => to)).toEqual([['lead'], []]);
    expect(world.said[0]?.facts.digest).toMatchObject({
      ...{ since: '2026-11-27T08:00:00.000Z', until: '2026-11-28T08:00:00.000Z' },
      ...{ delivered: 1, failed: 1, rejected: 0, waiting: 1 },
      waits: [{ taskId: 'T-1', link: `https://drydock.example/gates/${world.gate.gateId}` }],
    });
    expect(await world.at('2026-11-29T08:01:00Z')).toBe(2);
  });

  test('of a day with daylight saving comes once, whatever the clock does', async () => {
    const world = await digestWorld({ at: '02:30', timezone: 'Europe/Berlin', days: 'daily' });
    await world.at('2027-03-26T12:00:00Z');
    // Every ten minutes over both changes of the clock.
    for (const [from, hours] of [
      ['2027-03-27T12:00:00Z', 24],
      ['2027-10-30T12:00:00Z', 24],
    ] as const)
      for (let minute = 0; minute < hours * 60; minute += 10)
        await world.at(new Date(Date.parse(from) + minute * 60_000).toISOString());
    const all = world.said.filter(({ to }) => to.length === 0);
    expect(all.map(({ facts }) => facts.digest?.until)).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-10-30T00:30:00.000Z',
      expect.stringMatching(/^2027-10-31T0[01]:30:00/),
    ]);
    expect(world.said).toHaveLength(8);
  });

  test("of weekdays is not sent on a Sunday, and Monday's begins on Friday", async () => {
    const world = await digestWorld({ at: '08:00' });
    await world.at('2026-11-27T08:30:00Z');
    expect(await world.at('2026-11-29T08:30:00Z')).toBe(0);
    expect(await world.at('2026-11-30T08:30:00Z')).toBe(2);
    expect(world.said[0]?.facts.digest?.since).toBe('2026-11-27T08:00:00.000Z');
  });
});
