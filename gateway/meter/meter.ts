import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Usage } from '@pydantic/genai-prices';
import type { ModelCall } from '../../core/run/phase.ts';
import { modelCall } from '../../core/run/phase.ts';

/**
 * The calls a meter log holds, oldest first; the last line of a call counts. A line cut off by a crash is skipped: its
 * call was reserved by an earlier one or never sent.
 */
export function readMeter(file: string): ModelCall[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // no call was made
  }
  const calls = new Map<string, ModelCall>();
  for (const row of text.split('\n')) {
    try {
      const call = modelCall.parse(JSON.parse(row));
      calls.set(call.id, call);
    } catch {
      // cut off, or the empty end
    }
  }
  return [...calls.values()];
}

export interface Meter {
  /** Micros that may still be spent, everything under way counted at its worst case. */
  left(): number;
  /** Writes the worst case down before the call is made; undefined where the budget would break. */
  reserve(call: Pick<ModelCall, 'provider' | 'model' | 'kind'>, worstMicros: number): ModelCall | undefined;
  /** Writes down what it cost. A call that is never settled stays charged its worst case. */
  settle(call: ModelCall, usage: Usage, usdMicros: number): void;
}

/** A budget over an append-only log. Every line is on the disk before anything follows from it. */
export function openMeter(file: string, budgetMicros: number): Meter {
  const calls = new Map(readMeter(file).map((call) => [call.id, call]));
  const write = (call: ModelCall): void => {
    const fd = openSync(file, 'a', 0o600);
    try {
      // Starts on a new line, in case the last one was cut off.
      writeSync(fd, `\n${JSON.stringify(call)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    calls.set(call.id, call);
  };
  const left = (): number => budgetMicros - [...calls.values()].reduce((sum, call) => sum + call.usdMicros, 0);
  return {
    left,
    reserve(call, worstMicros) {
      if (worstMicros > left()) return undefined;
      const reserved: ModelCall = {
        id: randomUUID(),
        ...call,
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        usdMicros: worstMicros,
        state: 'reserved',
      };
      write(reserved);
      return reserved;
    },
    settle(call, usage, usdMicros) {
      write({
        ...call,
        inputTokens: usage.input_tokens ?? 0,
        outputTokens: usage.output_tokens ?? 0,
        cachedTokens: usage.cache_read_tokens ?? 0,
        usdMicros,
        state: 'settled',
      });
    },
  };
}
