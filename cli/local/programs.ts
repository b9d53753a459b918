import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../common/package-info.ts';

/** Whether an agent's program is installed where a phase looks for it: beside drydock, then on the PATH. */
export function hasProgram(name: string, env = process.env): boolean {
  const root = packageRoot();
  const folders = [join(root, 'node_modules', '.bin'), join(dirname(root), '.bin'), ...(env.PATH ?? '').split(':')];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}
