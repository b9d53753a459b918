import { isDeepStrictEqual } from 'node:util';
import picomatch from 'picomatch';
import { isMap, isPair, isScalar, isSeq, type ParsedNode, parse, parseDocument } from 'yaml';

/** A place in a text, and what is put there. */
interface Insertion {
  at: number;
  text: string;
}

export interface Addition {
  name: string;
  root: string;
  /** What the policy protects, as written or by default. */
  protectedPaths: string[];
  /** Paths of the repository that only its owner changes; those that the policy protects already are left out. */
  protect: string[];
}

/**
 * A policy with one more repository. What its owner wrote stays as it is, comments and lines too; only where nothing can
 * be put into the text is it written anew from what it says.
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
    intoMap(text, document.get('repositories', true), keyEnd(document.contents, 'repositories'), entry),
    ...(missing.length === 0 ? [] : [intoList(text, document.get('protected_paths', true), protectedPaths, missing)]),
  ];
  const written = insertions.every((each) => each !== undefined) ? inserted(text, insertions) : undefined;
  return written !== undefined && saysTheSame(written, target.toJS()) ? written : target.toString({ lineWidth: 120 });
}

function saysTheSame(text: string, wanted: unknown): boolean {
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

/** Where the key and its colon end; undefined where the map has no such key. */
function keyEnd(contents: unknown, name: string): number | undefined {
  const pair = isMap(contents)
    ? contents.items.find((item) => isScalar(item.key) && item.key.value === name)
    : undefined;
  return isPair(pair) && isScalar(pair.key) && pair.key.range ? pair.key.range[1] + 1 : undefined;
}

function intoMap(text: string, node: unknown, afterKey: number | undefined, entry: string): Insertion | undefined {
  if (afterKey === undefined) return atEnd(text, `repositories:\n  ${entry}\n`);
  if (!isMap(node)) return { at: afterKey, text: `\n  ${entry}` };
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
  const first = (node.items[0] as ParsedNode | undefined)?.range?.[0];
  return ownLine(text, first, written.map((path) => `- ${path}`).join('\n'));
}

const atEnd = (text: string, more: string): Insertion => ({
  at: text.length,
  text: text === '' || text.endsWith('\n') ? more : `\n${more}`,
});

/** Before the bracket that ends a list or a map in one line. */
const beforeEnd = (node: ParsedNode, items: number, entry: string): Insertion | undefined =>
  node.range ? { at: node.range[1] - 1, text: items === 0 ? entry : `, ${entry}` } : undefined;

/** As lines of their own before the line of an offset, as far in as that line is. */
function ownLine(text: string, offset: number | undefined, entry: string): Insertion | undefined {
  if (offset === undefined) return undefined;
  const at = text.lastIndexOf('\n', offset - 1) + 1;
  const indent = /^ */.exec(text.slice(at))?.[0] ?? '';
  return { at, text: entry.replace(/^/gm, indent).concat('\n') };
}
