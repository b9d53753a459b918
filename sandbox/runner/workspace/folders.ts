import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';

const run = promisify(execFile);

/**
 * Removes files and folders that untrusted code may have made, at any depth; links are removed and not followed.
 * @throws ResultInvalid if something cannot be removed.
 */
export async function remove(paths: readonly string[]): Promise<void> {
  const left = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  for (let at = 0; at < left.length; at += 500) {
    const some = left.slice(at, at + 500);
    await insisting(['rm', '-rf', '--', ...some], some);
  }
}

/** Go's module cache, among others, makes its folders read-only; they are made writable then. */
async function insisting([program = '', ...args]: string[], paths: string[]): Promise<void> {
  try {
    await run(program, args);
  } catch {
    const folders = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory());
    await run('chmod', ['-R', 'u+rwX', '--', ...folders]).catch(() => undefined);
    await run(program, args).catch((error: Error) => {
      throw new DrydockError('ResultInvalid', `what a command left cannot be removed: ${error.message.slice(-500)}`);
    });
  }
}
