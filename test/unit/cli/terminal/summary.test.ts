import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutput } from '../../../../cli/terminal/output.ts';
import { summary } from '../../../../cli/terminal/summary.ts';
import { aRun } from '../../web/fake.ts';

const stream = new PassThrough() as unknown as NodeJS.WriteStream;
const nextOf = (change: Parameters<typeof aRun>[0]): string | undefined =>
  summary(
    aRun({ status: 'delivered', base: 'b'.repeat(40), branch: 'agent/x', ...change }),
    createOutput(false, stream, stream),
  )
    .find((line) => line.startsWith('  next'))
    ?.slice(10);

test.each([
  ['a change', { commit: 'c'.repeat(40) }, 'git diff bbbbbbbbbbbb..agent/x'],
  [
    'a part, which has no branch',
    { taskId: 'G-1/de', commit: null, parent: { runId: 'r', part: 'de' } },
    'drydock show G-1',
  ],
  ['an answer that changes nothing', { kind: 'split' as const, commit: null }, undefined],
])('the next command after %s', (_what, change, next) => expect(nextOf(change)).toBe(next));

test('after a dry run the next command names its spec', () => {
  const output = createOutput(false, stream, stream);
  expect(summary(aRun({ status: 'dry-run' }), output, 'tasks/FIX-1.yaml').at(-1)).toBe(
    '  next    drydock run tasks/FIX-1.yaml',
  );
});
