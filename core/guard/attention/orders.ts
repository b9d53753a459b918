import { ordersToAgents } from '../../prompt/suspicious.ts';
import { blobsByPath } from '../../run/change-set.ts';
import { type GuardInput, textOf } from '../input.ts';
import type { ShownFirst } from './shown-first.ts';

/** Files that agents read as documents or settings. */
export const isProse = (path: string): boolean =>
  /\.(?:md|mdx|markdown|txt|rst|adoc|html?|ya?ml|toml|jsonc?|ipynb)$/i.test(path);

const maxBytes = 1024 * 1024;

/** New lines of a change that give orders to the agents that read the repository later (R44). */
export function ordersInChange({ change, base, tree }: Pick<GuardInput, 'change' | 'base' | 'tree'>): ShownFirst[] {
  return [...blobsByPath(change)].flatMap(([path, content]): ShownFirst[] => {
    const was = base.get(path);
    // Of other files the earlier content is not read, and what they have said before is not new.
    if (content.length > maxBytes || (!was && tree.has(path))) return [];
    const known = new Set(textOf(was).split('\n'));
    const text = textOf(content);
    const lines = text.split('\n');
    return ordersToAgents(text)
      .filter(({ line }) => !known.has(lines[line - 1] ?? ''))
      .slice(0, 3)
      .map(({ line, what, excerpt }) => ({
        rule: 'SuspiciousText',
        path,
        line,
        message: `${what}: “${excerpt}”`,
        named: false,
      }));
  });
}
