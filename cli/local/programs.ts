import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { packageRoot } from '../../common/package-info.ts';

/** The program of the thread that reads changes: TypeScript beside the sources, JavaScript in the package. */
export const judgeProgram = (): URL =>
  new URL(`../../programs/local-judge.thread${extname(import.meta.filename)}`, import.meta.url);

/** Whether an agent's program is installed where a phase looks for it: beside drydock, then on the PATH. */
export function hasProgram(name: string, env = process.env): boolean {
  const root = packageRoot();
  const folders = [join(root, 'node_modules', '.bin'), join(dirname(root), '.bin'), ...(env.PATH ?? '').split(':')];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}
