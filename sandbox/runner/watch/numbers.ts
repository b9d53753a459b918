import { lstatSync, statfsSync } from 'node:fs';
import { at } from '../workspace/walk.ts';

/** File systems that change a file's times with its content, also through a mapping of memory: ext2 to ext4, XFS, btrfs. */
const exactTimes = new Set([0xef53, 0x58465342, 0x9123683e]);
/** Clocks of file systems advance in steps of up to 10 ms; a later change within the same step has the same time. */
const clockStepMs = 50;

/** Whether each change of a file in this folder changes its numbers. */
export const numbersShowChanges = (folder: string): boolean => exactTimes.has(statfsSync(folder).type);

/**
 * What the file system knows of a file. `settled`: each later change gives another time, which no program can set back.
 */
export function numbersOf(workspace: string, path: string): { numbers: string; settled: boolean } {
  const { mode, ino, size, mtimeNs, ctimeNs } = lstatSync(at(workspace, path), { bigint: true });
  const settled = BigInt(Date.now() - clockStepMs) * 1_000_000n > ctimeNs;
  return { numbers: `${mode} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, settled };
}
