import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids here beside this one and the container's init. A zombie is gone; its parent has yet to say so. */
function others(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/**
 * Ends every other process of the container, whoever started it and however it hid. Only after `refuseCompany`: on a
 * machine that is not this phase's own it would end that machine's processes.
 */
export async function endOthers(): Promise<void> {
  while (others().length > 0) {
    try {
      // The kernel sends it to every process but the sender and init at once: none can fork away in between.
      process.kill(-1, 'SIGKILL');
    } catch {
      // none was left
    }
    await sleep(2);
  }
}

/** @throws Error when other processes run here: then this is no container of a phase's own. */
export function refuseCompany(): void {
  const company = others();
  if (company.length > 0 || process.getuid?.() === 0) {
    throw new Error(`not alone and unprivileged in a container of its own (${company.length} other processes)`);
  }
}
