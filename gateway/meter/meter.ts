import { randomUUID } from 'node:crypto';
import { openSync, readFileSync, writeSync } from 'node:fs';
import type { Usage } from '@pydantic/genai-prices';
import type { Charge, ModelCall } from '../../core/run/phase.ts';
import { modelCall } from '../../core/run/phase.ts';
import { createFlusher } from './flusher.ts';

/**
 * The calls in a meter log, oldest first; the last line of a call counts. A line that a crash cut off is skipped: its
 * call has an earlier line or was never sent.
 */
export function readMeter(file: string): ModelCall[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return []; // there were no calls
  }
  const calls = new Map<string, ModelCall>();
  for (const row of text.split('\n')) {
    try {
      const call = modelCall.parse(JSON.parse(row));
      calls.set(call.id, call);
    } catch {
      // a cut-off line, or the empty last line
    }
  }
  return [...calls.values()];
}

export interface Meter {
  /** Remaining budget in micros; calls in progress count with their worst case. */
  left(): number;
  /** Micros charged so far, in the same way. */
  spent(): number;
  /** Calls so far that were sent to the provider. */
  calls(): number;
  /** Logs the worst case before the call is made; `undefined` if it exceeds the budget. */
  reserve(call: Pick<ModelCall, 'provider' | 'model' | 'kind' | 'price'>, worstMicros: number): ModelCall | undefined;
  /** Logs the actual cost, and the rule by which it is charged. */
  settle(call: ModelCall, usage: Usage, usdMicros: number, charged: Charge): void;
  /** Logs why a call stays charged with its worst case, as one does of which nothing is logged any more. */
  keep(call: ModelCall, charged: Charge): void;
  /** Resolves when all that was logged before is on the disk. A call is sent after that, and never before. */
  flushed(): Promise<void>;
}

/**
 * A budget on an append-only log. What a call may cost is on the disk before it is sent; what it did cost follows later, and a machine
 * that fails in between leaves the call charged with its worst case.
 */
export function openMeter(file: string, budgetMicros: number): Meter {
  const calls = new Map(readMeter(file).map((call) => [call.id, call]));
  let total = [...calls.values()].reduce((sum, call) => sum + call.usdMicros, 0);
  let log: { fd: number; flush: () => Promise<void> } | undefined;
  const write = (call: ModelCall): void => {
    if (log === undefined) {
      const fd = openSync(file, 'a', 0o600);
      log = { fd, flush: createFlusher(fd) };
    }
    // Starts on a new line, in case the last line was cut off.
    writeSync(log.fd, `\n${JSON.stringify(call)}\n`);
    total += call.usdMicros - (calls.get(call.id)?.usdMicros ?? 0);
    calls.set(call.id, call);
  };
  const spent = (): number => total;
  const left = (): number => budgetMicros - total;
  return {
    left,
    spent,
    calls: () => [...calls.values()].filter(({ charged }) => charged !== 'failed' && charged !== 'not-sent').length,
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
    flushed: async () => log?.flush(),
    keep(call, charged) {
      write({ ...call, charged });
    },
    settle(call, usage, usdMicros, charged) {
      write({
        ...call,
        inputTokens: usage.input_tokens ?? 0,
        outputTokens: usage.output_tokens ?? 0,
        cachedTokens: usage.cache_read_tokens ?? 0,
        usdMicros,
        state: 'settled',
        charged,
      });
    },
  };
}
