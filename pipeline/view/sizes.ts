import type { ChangeView } from './change.ts';

/** The numbers of a change, for one line. */
export function sizes({ files }: ChangeView): { added: number; removed: number; unplanned: number } {
  return {
    added: files.reduce((sum, { added }) => sum + added, 0),
    removed: files.reduce((sum, { removed }) => sum + removed, 0),
    unplanned: files.filter(({ phase }) => phase === null).length,
  };
}
