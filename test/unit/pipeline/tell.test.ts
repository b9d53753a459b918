/** What is said while a phase is launched, or while another call brings something, reaches the agent (R51). */
import { expect, test } from 'vitest';
import type { Remark } from '../../../core/remark/remark.ts';
import type { RunRecord } from '../../../core/run/record.ts';
import { bringRemarks } from '../../../pipeline/commands/tell.ts';
import type { Deps } from '../../../pipeline/deps.ts';

/** @param said At each reading of the record: the remarks in it, as `KEY AT`; the last one stays. */
async function brought(said: string[][], known?: number): Promise<string[]> {
  const left = [...said];
  const lists: string[] = [];
  const deps = {
    runs: {
      async get(): Promise<Partial<RunRecord>> {
        const [now = []] = left.length > 1 ? left.splice(0, 1) : left;
        const remarks = now.map((each) => {
          const [key = '', at = ''] = each.split(' ');
          return { key, at, by: 'lead', now: false, text: key };
        });
        return { work: { remarks } as RunRecord['work'] };
      },
    },
    artifacts: { get: async (digest: string) => Buffer.from(digest) },
    phaseInbox: {
      async deliver(_phase: unknown, remarks: readonly Remark[]) {
        lists.push(remarks.map(({ key }) => key).join(''));
      },
    },
  } as unknown as Deps;
  await bringRemarks(deps, 'r-1', [{ phaseId: 'r-1/build/1', attempt: 1 }], known);
  return lists;
}

test.each<[string, string[][], number | undefined, string[]]>([
  ['one remark', [['a 1']], undefined, ['a']],
  [
    'one that came while another was brought, by a call that may end first',
    [['a 1'], ['a 1', 'b 2']],
    undefined,
    ['a', 'ab'],
  ],
  ['one that was said earlier, and stored later', [['b 2'], ['b 2', 'a 1']], undefined, ['b', 'ab']],
  ['at the same time, in the order of the record', [['b 1', 'a 1']], undefined, ['ba']],
  ['nothing, where the prompt has all', [['a 1']], 1, []],
  ['one that came after the prompt was written', [['a 1', 'b 2']], 1, ['ab']],
])('%s', async (_what, said, known, lists) => {
  expect(await brought(said, known)).toEqual(lists);
});
