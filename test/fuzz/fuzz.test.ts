/**
 * Every parser of bytes from outside, with a hundred thousand inputs each: valid ones that were changed, and any bytes. It
 * throws nothing but its own errors, its output and what it keeps are bounded, and its time grows linearly.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type FuzzReport, maxGrowth } from './parser.ts';
import { parsers } from './parsers/index.ts';

const inputs = 100_000;
const heapMb = 256;

// In CI the same inputs each time, so that a change is not refused for what it did not do; elsewhere others.
const seed = process.env.CI ? 20_261_127 : Date.now() % 2 ** 31;

async function fuzz(name: string): Promise<FuzzReport> {
  const flags = ['--expose-gc', `--max-old-space-size=${heapMb}`, '--disable-warning=ExperimentalWarning'];
  const argv = [...flags, join(import.meta.dirname, 'fuzz-child.ts'), name, String(seed), String(inputs)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 16 * 2 ** 20 });
  return JSON.parse(stdout) as FuzzReport;
}

describe.concurrent('parsers', () => {
  test.each(Object.keys(parsers))('%s', async (name) => {
    const report = await fuzz(name);
    expect(report.faults, `seed ${seed}`).toEqual([]);
    expect(report.valid + report.invalid).toBe(inputs);
    // Inputs that are all refused at the door try nothing.
    expect(Math.min(report.valid, report.invalid)).toBeGreaterThan(inputs / 100);
    expect(report.keptMb).toBeLessThan(8);
    expect(report.slow.filter(({ times }) => times > maxGrowth)).toEqual([]);
  });
});
