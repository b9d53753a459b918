import { isDeepStrictEqual } from 'node:util';
import picomatch from 'picomatch';
import { isMap, isSeq, type ParsedNode, parse, parseDocument } from 'yaml';

/** A text to insert at an offset. */
interface Insertion {
  at: number;
  text: string;
}

interface Addition {
  name: string;
  root: string;
  /** The protected paths of the policy, explicit or by default. */
  protectedPaths: string[];
  /** Paths of the repository that need protection; already protected ones are left out. */
  protect: string[];
}

/**
 * Adds a repository to the text of a policy. The existing text stays unchanged, including comments and line breaks;
 * only if no insertion gives the wanted document is the file written again from its data.
 */
export function withRepository(text: string, { name, root, protectedPaths, protect }: Addition): string {
  const document = parseDocument(text);
  const repository = { host: 'git', url: root };
  const isProtected = picomatch(protectedPaths, { dot: true });
  const missing = protect.filter((path) => !protectedPaths.includes(path) && !isProtected(path));

  const target = parseDocument(text);
  target.setIn(['repositories', name], repository);
  if (missing.length > 0) target.set('protected_paths', [...protectedPaths, ...missing]);

  const entry = `${JSON.stringify(name)}: {host: git, url: ${JSON.stringify(root)}}`;
  const insertions = [
    intoMap(text, document.get('repositories', true), entry),
    ...(missing.length === 0 ? [] : [intoList(text, document.get('protected_paths', true), protectedPaths, missing)]),
  ];
  const written = insertions.every((each) => each !== undefined) ? inserted(text, insertions) : undefined;
  return written !== undefined && parsesTo(written, target.toJS()) ? written : target.toString({ lineWidth: 120 });
}

function parsesTo(text: string, wanted: unknown): boolean {
  try {
    return isDeepStrictEqual(parse(text), wanted);
  } catch {
    return false;
  }
}

const inserted = (text: string, insertions: (Insertion | undefined)[]): string =>
  insertions
    .filter((each) => each !== undefined)
    .sort((a, b) => b.at - a.at)
    .reduce((whole, { at, text: more }) => `${whole.slice(0, at)}${more}${whole.slice(at)}`, text);

function intoMap(text: string, node: unknown, entry: string): Insertion | undefined {
  if (!isMap(node)) return atEnd(text, `repositories:\n  ${entry}\n`);
  if (node.flow) return beforeEnd(node as ParsedNode, node.items.length, entry);
  return ownLine(text, (node.items[0]?.key as ParsedNode | undefined)?.range?.[0], entry);
}

function intoList(text: string, node: unknown, all: string[], missing: string[]): Insertion | undefined {
  const written = missing.map((path) => JSON.stringify(path));
  if (!isSeq(node)) {
    const list = [...all, ...missing].map((path) => JSON.stringify(path)).join(', ');
    return atEnd(text, `protected_paths: [${list}]\n`);
  }
  if (node.flow) return beforeEnd(node as ParsedNode, node.items.length, written.join(', '));
  const last = (node.items.at(-1) as ParsedNode | undefined)?.range;
  if (!last) return undefined;
  const end = text.indexOf('\n', last[1]);
  const lines = written.map((path) => `\n${indentAt(text, last[0])}- ${path}`);
  return { at: end < 0 ? text.length : end, text: lines.join('') };
}

const atEnd = (text: string, more: string): Insertion => ({
  at: text.length,
  text: text === '' || text.endsWith('\n') ? more : `\n${more}`,
});

/** Inserts before the closing bracket of a flow list or map. */
const beforeEnd = (node: ParsedNode, items: number, entry: string): Insertion | undefined =>
  node.range ? { at: node.range[1] - 1, text: items === 0 ? entry : `, ${entry}` } : undefined;

/** Inserts a line before the line of an offset, with the same indentation. */
function ownLine(text: string, offset: number | undefined, entry: string): Insertion | undefined {
  if (offset === undefined) return undefined;
  return { at: lineStart(text, offset), text: `${indentAt(text, offset)}${entry}\n` };
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;
const indentAt = (text: string, offset: number): string => /^ */.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';
