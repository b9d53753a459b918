/** Each remark reaches the agent once, whatever the order in which lists of them come. */
import { expect, test } from 'vitest';
import type { Remark } from '../../../../core/remark/remark.ts';
import { Inbox } from '../../../../gateway/phase/inbox.ts';

const [a, b, c] = ['a', 'b', 'c'].map((key): Remark => ({ key, by: 'lead', text: key, now: false })) as [
  Remark,
  Remark,
  Remark,
];

test.each<[string, string[], Remark[][], string]>([
  ['one after the other', [], [[a], [a, b], [a, b, c]], 'abc'],
  ['one that was said before another, and is stored after it', [], [[b], [a, b]], 'ba'],
  [
    'one of the campaign between two of the part',
    [],
    [
      [a, c],
      [a, b, c],
    ],
    'acb',
  ],
  ['one that comes before what the prompt has', ['b'], [[a, b]], 'a'],
  ['a list that comes late, after one with more', [], [[a, b], [a], [b]], 'ab'],
  ['the same list twice', ['a'], [[a], [a, b], [a, b]], 'b'],
])('%s', async (_what, prompt, lists, heard) => {
  const inbox = new Inbox();
  inbox.leaveOut(prompt);
  const got: Remark[] = [];
  for (const list of lists) {
    inbox.put(list);
    got.push(...(await inbox.next(got.length, 0, new AbortController().signal)));
  }
  expect(got.map(({ key }) => key).join('')).toBe(heard);
});

test('a request that waits has it at once; one that has ended waits for nothing', async () => {
  const inbox = new Inbox();
  const waiting = inbox.next(0, 2 ** 30, new AbortController().signal);
  inbox.put([a]);
  expect(await waiting).toEqual([a]);
  expect(await inbox.next(1, 2 ** 30, AbortSignal.abort())).toEqual([]);
});
