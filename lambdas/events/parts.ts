import { setTimeout as delay } from 'node:timers/promises';
import { viewError } from '../../core/errors.ts';

type Part = (signal: AbortSignal) => Promise<Record<string, unknown>>;

/**
 * Runs independent parts at the same time. One that fails, or is not done after `ms`, changes nothing for the others.
 * @returns What the parts found, and the name of the error of each that failed: `TimedOut` for a late one, whose work is
 * told to stop by its signal.
 */
export async function inParts(
  parts: Record<string, Part>,
  ms: number,
): Promise<{ found: Record<string, unknown>; failed: Record<string, string> }> {
  const stop = new AbortController();
  const done = new AbortController();
  const late = delay(ms, 'late' as const, { signal: done.signal }).catch(() => 'late' as const);
  const found: Record<string, unknown> = {};
  const failed: Record<string, string> = {};
  await Promise.all(
    Object.entries(parts).map(async ([name, part]) => {
      try {
        const answer = await Promise.race([part(stop.signal), late]);
        if (answer === 'late') failed[name] = 'TimedOut';
        else Object.assign(found, answer);
      } catch (error) {
        failed[name] = viewError(error).name;
      }
    }),
  );
  stop.abort();
  done.abort();
  return { found, failed };
}
