import { setTimeout as delay } from 'node:timers/promises';
import { type Remark, remarks } from '../../core/remark/remark.ts';
import type { Phase } from '../runner/phase.ts';

/** After a failed request: the gateway is asked again. */
const againMs = 1_000;

/** Asks the gateway for what people say while the agent works. @returns Ends it. */
export function listen({ gateway }: Pick<Phase, 'gateway'>, onRemarks: (given: Remark[]) => void): () => void {
  const stop = new AbortController();
  void (async () => {
    let after = 0;
    while (!stop.signal.aborted) {
      try {
        const answer = await gateway.get(`/remarks?after=${after}`, { signal: stop.signal });
        const given = remarks.parse(JSON.parse(answer.toString()));
        after += given.length;
        if (given.length > 0 && !stop.signal.aborted) onRemarks(given);
      } catch {
        await delay(againMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  })();
  return () => stop.abort();
}
