import type { Failure } from '../../../../gateway/phase/verdict.ts';

/** The runner stops at the phase's time limit; this much later it is killed from outside. */
const graceMs = 15_000;

/** Ends a sandbox from outside, once: when the phase is cancelled, its gateway has ended, or its time is over. */
export function watchForEnd(timeoutMs: number, signal: AbortSignal, gatewayEnded: Promise<Failure>, kill: () => void) {
  let failure: Failure | undefined;
  const end = (name: string, message: string): void => {
    failure ??= { name, message };
    kill();
  };
  const onAbort = (): void => end('Cancelled', 'the phase was cancelled');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  void gatewayEnded.then(({ name, message }) => end(name, message));
  const timer = setTimeout(
    () => end('PhaseTimedOut', `the phase did not end within ${graceMs / 1000} s after its time limit`),
    Math.min(timeoutMs + graceMs, 2 ** 31 - 1),
  );
  return {
    end,
    failure: () => failure,
    /** The time of the phase begins now. */
    begin: () => void timer.refresh(),
    stop(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
