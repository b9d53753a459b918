import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from '../world.ts';

const count = 40;

/** Runs a worker and returns its lines; kills it, without warning, once it has printed so many. */
function work(file: string, mode: 'start' | 'resume', killAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'worker.ts'), file, mode, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.split('\n').length > killAfter) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(printed.split('\n').slice(0, -1)));
  });
}

test('R12: a process killed at any moment loses nothing and repeats nothing that was recorded', async () => {
  const file = join(folder(), 'journal');
  const first = await work(file, 'start', 90);
  expect(first.length).toBeGreaterThanOrEqual(90);
  expect(first.filter((line) => line.startsWith('end '))).not.toHaveLength(count);
  const second = await work(file, 'resume');
  const ended = [...first, ...second].filter((line) => line.startsWith('end '));
  for (let i = 0; i < count; i += 1) {
    const name = `r-${i}`;
    expect(ended, name).toContain(`end ${name} SUCCEEDED {"n":6}`);
    const callsOf = (lines: string[]): string[] =>
      lines.filter((line) => line.startsWith(`call ${name} `)).map((line) => line.split(' ')[2] ?? '');
    // A step is called only after the one before it was recorded: of those before the kill, only the last may come again.
    const [before, after] = [callsOf(first), callsOf(second)];
    const steps = ['S0', 'S1', 'S2', 'S3', 'S4', 'S5'];
    expect(before, name).toEqual(steps.slice(0, before.length));
    const repeated = after[0] !== undefined && after[0] === before.at(-1) ? 1 : 0;
    expect(after, name).toEqual(steps.slice(before.length - repeated));
  }
}, 20_000);
