import type { Finding } from './compare.ts';

/** Results that a runner writes down by itself and later compares with. */
export const isSnapshot = (path: string): boolean =>
  /\.(?:snap|snapshot|golden|approved)(?:\.\w{1,10})?$|(?:^|\/)__(?:image_)?snapshots__\//.test(path);

interface Changed {
  path: string;
  before: string;
  after: string;
}
interface Sides {
  before: { path: string; text: string }[];
  after: { path: string; text: string }[];
}

/** Snapshots of which lines changed, although neither the source nor what the tests do did. */
export function changedSnapshots(changed: Changed[], { before, after }: Sides): Finding[] {
  const known = new Map(before.map(({ path, text }) => [path, text]));
  const testsChanged = after.some(({ path, text }) => text !== '' && known.get(path) !== text);
  return changed.flatMap(({ path, before: was, after: now }): Finding[] => {
    if (was === '') return [];
    const lines = new Set(now.split('\n').map((line) => line.trim()));
    const lost = was.split('\n').filter((line) => line.trim() !== '' && !lines.has(line.trim())).length;
    if (lost === 0 || testsChanged) return [];
    return [
      { path, message: `${lost} lines of expected results changed, although no source file did`, refused: false },
    ];
  });
}
