import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** All process ids except this process and the container's init. Zombies are excluded: they have ended already. */
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
 * Kills every other process of the container, whatever started it. Call it only after `refuseCompany`: on a shared
 * machine it would kill unrelated processes.
 */
export async function endOthers(): Promise<void> {
  while (others().length > 0) {
    try {
      // The kernel signals all processes except the sender and init at once, so none can fork in between.
      process.kill(-1, 'SIGKILL');
    } catch {
      // there was no other process
    }
    await sleep(2);
  }
}

/** @throws Error if other processes run here: then the container does not belong to this phase alone. */
export function refuseCompany(): void {
  const company = others();
  if (company.length > 0 || process.getuid?.() === 0) {
    throw new Error(
      `the runner needs a container of its own as an unprivileged user (${company.length} other processes)`,
    );
  }
}
