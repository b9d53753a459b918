import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { State, StateMachine } from '../../engine/asl/types.ts';
import { Engine } from '../../engine/engine.ts';

const durableCount = 2_000;
/** Executions under way at a time. */
const concurrency = 200;
const parkedCount = 10_000;

const task = (functionName: string, next: string): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionName, Payload: { n: '{% $states.input.n %}' } },
  Output: '{% $states.result.Payload %}',
  TimeoutSeconds: 300,
  Retry: [{ ErrorEquals: ['Lambda.ServiceException'] }],
  Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
  Next: next,
});
const ends: Record<string, State> = { Done: { Type: 'Succeed' }, Failed: { Type: 'Fail', Error: 'Failed' } };

/** Nine functions and an end: ten states. */
const tenStates: StateMachine = {
  QueryLanguage: 'JSONata',
  StartAt: 'S1',
  States: {
    ...Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`S${i + 1}`, task('add', i === 8 ? 'Done' : `S${i + 2}`)]),
    ),
    ...ends,
  },
};
const parkedStates: StateMachine = {
  QueryLanguage: 'JSONata',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
      TimeoutSeconds: 864_000,
      Next: 'Done',
    },
    Done: { Type: 'Succeed' },
  },
};

export interface EngineFigures {
  /** Ten-state executions per second, each of whose steps is on disk before the next begins. */
  durableExecutionsPerSecond: number;
  parked: number;
  /** From opening the journal to all taken up. */
  resumeMs: number;
  /** Whole process with all of them parked. */
  residentMb: number;
}

/** Figures of the embedded engine on this machine. */
async function benchEngine(): Promise<EngineFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-engine-'));
  try {
    const durableExecutionsPerSecond = await throughput(join(folder, 'durable'));
    const parked = join(folder, 'parked');
    await park(parked);
    // a process of its own: what this one has allocated does not count
    const child = spawnSync(process.execPath, [import.meta.filename, parked], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(`the bench's process failed: ${child.stderr}`);
    return {
      durableExecutionsPerSecond,
      ...(JSON.parse(child.stdout) as Omit<EngineFigures, 'durableExecutionsPerSecond'>),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function throughput(file: string): Promise<number> {
  const invoke = async (_: string, payload: unknown): Promise<unknown> => ({ n: (payload as { n: number }).n + 1 });
  const engine = Engine.open({ file, name: 'bench', definition: tenStates, invoke });
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < durableCount; i = next++) {
      await engine.start(`run-${i}`, { n: 0 });
      const { output } = await engine.done(`run-${i}`);
      if ((output as { n?: number } | undefined)?.n !== 9)
        throw new Error(`run-${i} ended with ${JSON.stringify(output)}.`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - start) / 1000;
  await engine.close();
  return Math.round(durableCount / seconds);
}

async function park(file: string): Promise<void> {
  const engine = openParked(file);
  for (let i = 0; i < parkedCount; i += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, n) => engine.start(`run-${i + n}`, { task: `TASK-${i + n}` })));
  }
  while (engine.list({ status: 'RUNNING' }).some(({ waiting }) => waiting !== 'token'))
    await new Promise((resolve) => setTimeout(resolve, 50));
  await engine.close();
}

const openParked = (file: string): Engine =>
  Engine.open({ file, name: 'bench', definition: parkedStates, invoke: async () => null });

async function resumeParked(file: string): Promise<void> {
  const start = performance.now();
  const engine = openParked(file);
  const parked = await engine.resume();
  const resumeMs = Math.round(performance.now() - start);
  const residentMb = Math.round(process.memoryUsage.rss() / 1_000_000);
  if (parked !== parkedCount) throw new Error(`${parked} executions were parked, not ${parkedCount}.`);
  console.log(JSON.stringify({ parked, resumeMs, residentMb }));
  await engine.close();
}

if (import.meta.main) {
  const file = process.argv[2];
  if (file === undefined) console.log(JSON.stringify(await benchEngine()));
  else await resumeParked(file);
}
