import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const pollMs = 100;

/** Peaks of resident memory of the programs of phases, and of this process, in MB. */
export interface Peaks {
  runnerMb: number;
  gatewayMb: number;
  serverMb: number;
}

/** Watches the runners and gateways among the processes that this one starts. The kernel keeps the peak of each. */
export function watchPeaks(): () => Peaks {
  const peaks: Peaks = { runnerMb: 0, gatewayMb: 0, serverMb: 0 };
  writeFileSync('/proc/self/clear_refs', '5'); // what was before, does not count
  const timer = setInterval(() => look(peaks), pollMs);
  return () => {
    clearInterval(timer);
    return { ...peaks, serverMb: peakOf('self') };
  };
}

function look(peaks: Peaks): void {
  const parents = new Map<string, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    parents.set(pid, /PPid:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? '');
  for (const pid of parents.keys()) {
    let above: string | undefined = pid;
    while (above !== undefined && above !== String(process.pid)) above = parents.get(above);
    if (above === undefined) continue;
    const [first, ...args] = read(`/proc/${pid}/cmdline`).split('\0');
    // bubblewrap has the name of the runner among its arguments, too.
    if (first?.endsWith('bwrap')) continue;
    if (args.some((arg) => arg.endsWith('/runner.cjs'))) peaks.runnerMb = Math.max(peaks.runnerMb, peakOf(pid));
    if (args.some((arg) => arg.endsWith('/gateway.cjs'))) peaks.gatewayMb = Math.max(peaks.gatewayMb, peakOf(pid));
  }
}

/** Empty if the process has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const peakOf = (pid: string): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1_000);
