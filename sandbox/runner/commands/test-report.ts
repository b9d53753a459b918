import { stripVTControlCharacters } from 'node:util';
import { maxFailing, type TestReport } from '../../../core/run/test-report.ts';
import { type Counts, families } from './test-runners.ts';

/** A longer line is cut: names and sums are at its start. */
const maxLine = 2_000;
const lineFeed = 0x0a;

/** Reads the whole output of a test command, and keeps the sums and the names of the failed tests. */
export class TestReader {
  readonly #counts = families.map(({ name, create }) => ({ name, ...create() }));
  /** The two streams of a command may both be in the middle of a line. */
  readonly #lines = { stdout: new Line(), stderr: new Line() };

  push(chunk: Buffer, stream: 'stdout' | 'stderr'): void {
    const line = this.#lines[stream];
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      line.add(chunk.subarray(from, end));
      this.#read(line.take());
      from = end + 1;
    }
    line.add(chunk.subarray(from));
  }

  /** What the output says of tests; undefined if it says nothing. */
  report(): TestReport | undefined {
    for (const line of Object.values(this.#lines)) this.#read(line.take());
    const used = this.#counts.map(({ name, end }) => ({ name, counts: end() })).filter(({ counts }) => isUsed(counts));
    if (used.length === 0) return undefined;
    const sum = (number: (counts: Counts) => number): number =>
      used.reduce((total, { counts }) => Math.min(total + number(counts), Number.MAX_SAFE_INTEGER), 0);
    const names = new Set(used.flatMap(({ counts }) => [...counts.names]));
    const problem =
      names.size > maxFailing
        ? `more than ${maxFailing} tests failed`
        : used.map(({ name, counts }) => problemOf(name, counts)).find((found) => found !== undefined);
    return {
      total: sum(({ total }) => total),
      failed: sum(({ failed }) => failed),
      errors: sum(({ errors }) => errors),
      failing: [...names].slice(0, maxFailing).map((name) => name.slice(0, 500)),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #read(line: string): void {
    if (line !== '') for (const { read } of this.#counts) read(line);
  }
}

/** The line that a stream is in. */
class Line {
  #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): void {
    const some = part.subarray(0, Math.max(0, maxLine - this.#length));
    if (some.length > 0) this.#parts.push(Buffer.from(some));
    this.#length += some.length;
  }

  take(): string {
    const line = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return stripVTControlCharacters(line).trimEnd();
  }
}

const isUsed = ({ names, summaries }: Counts): boolean => names.size + summaries > 0;

function problemOf(name: string, { names, groups, summaries, failed }: Counts): string | undefined {
  if (summaries === 0) return `the output names failed tests as ${name} does, but contains no summary of it`;
  // A group of tests fails with its tests; some runners count groups that are tests themselves.
  const fewest = [...names].filter((one) => !groups.has(one)).length;
  return failed < fewest || failed > names.size
    ? `${name} counts ${failed} failed tests, but the output names ${names.size}`
    : undefined;
}
