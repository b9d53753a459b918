import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC in the octal flags of /proc/self/fdinfo/N (man 5 proc). */
const closeOnExec = 0o2000000;

/**
 * Closes the file descriptors that this process inherited and would pass on to every program that it starts. A shell, an
 * IDE or a service manager may leave one open on a folder, and a descriptor leads out of every namespace. Node opens its
 * own with O_CLOEXEC, and sets it at start for a contiguous range of inherited ones only.
 */
export function closeInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2) continue;
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0) closeSync(fd);
    } catch {
      // The descriptor of the listing itself is closed by now.
    }
  }
}
