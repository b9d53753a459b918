/** The list of runs costs the same whatever their phases left. */
import { expect, test } from 'vitest';
import { type RunRecord, runRecord } from '../../../core/run/record.ts';
import type { Deps } from '../../../pipeline/deps.ts';
import { createService } from '../../../pipeline/service/service.ts';

const digest = 'd'.repeat(64);
const record = (i: number): RunRecord =>
  runRecord.parse({
    ...{
      runId: `r-${i}`,
      runKey: digest,
      taskId: `T-${i}`,
      repository: 'a/b',
      team: 't',
      title: 'x',
      requester: 'dev',
    },
    ...{ attempt: 1, specPath: 's', specBlob: 'b', specDigest: digest, policyDigest: digest, taskDigest: digest },
    ...{ dryRun: false, targetBranch: 'main', branch: 'x', capMicros: 1, createdAt: '2026-11-21T12:00:00.000Z' },
    ...{ status: 'running', state: 'Build', spentMicros: 0, tokens: { input: 0, output: 0, cached: 0 } },
    work: {
      ...{ feedback: [], answers: [], addedConstraints: [] },
      results: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`refusals:r-${i}/build/${n}/1`, digest])),
    },
    ...{ durations: {}, version: 1 },
  });

test('listing runs reads neither their refusals nor their events, and asks once for each run', async () => {
  const asked: string[] = [];
  const service = createService(
    {
      runs: {
        list: async (limit: number) => Array.from({ length: limit }, (_, i) => record(i)),
        events: async (runId: string) => void asked.push(`events ${runId}`),
      },
      artifacts: { get: async (id: string) => void asked.push(`artifact ${id}`) },
      executions: { describe: async (runId: string) => void asked.push(`execution ${runId}`) },
    } as unknown as Deps,
    () => [],
  );
  expect(await service.list(3)).toMatchObject([{ taskId: 'T-0', refusals: [] }, { taskId: 'T-1' }, { taskId: 'T-2' }]);
  expect(asked).toEqual(['execution r-0', 'execution r-1', 'execution r-2']);
});
