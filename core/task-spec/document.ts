import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  Schema,
  type YAMLMap,
} from 'yaml';
import { type Fault, hiddenCharacter } from './text.ts';

export type Path = readonly PropertyKey[];

/** A YAML document as plain data, with the faults of its form and the places of its values. */
export interface YamlDocument {
  value: unknown;
  faults: Fault[];
  /** Offset of the value at a path, or of the nearest thing around it that is there. `key`: of the key itself. */
  locate(path: Path, key?: boolean): number;
  /** The walk reported the value at the path, or something around it; a schema problem there would be an echo. */
  reported(path: Path): boolean;
  /** Where each plain scalar that starts with a reserved character begins and ends. */
  unquoted: { start: number; end: number }[];
}

// `silent` would also silence the error of a second document. One schema for all documents: making it costs as much as parsing a small file.
const schema = new Schema({ schema: 'core', merge: false });
const options = { schema, uniqueKeys: false, prettyErrors: false, logLevel: 'error', stringKeys: false } as const;

/** Deeper than any field of ours; recursion stays shallow. */
const maxDepth = 16;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads one YAML 1.2 document of plain data: no anchors, aliases, tags, directives or merge keys, so what is written is
 * what is meant and nothing can be multiplied. Goes on after each fault as far as the document can be read.
 * @param base offset of `source` in the file, added to every offset.
 */
export function readYaml(source: string, base: number): YamlDocument {
  const walk = new Walk(source, base);
  let root: ParsedNode | null = null;
  try {
    const document = parseDocument(source, options);
    root = document.contents;
    for (const error of document.errors) walk.syntaxError(error.code, error.message, error.pos[0]);
    if (document.directives?.yaml.explicit || /^%/.test(source)) {
      walk.fault('directive', 'A %directive is not allowed; the file is YAML 1.2 as it stands.', 0);
    }
  } catch (error) {
    // The parser recurses; a RangeError is a file nested far beyond anything a spec holds.
    if (!(error instanceof RangeError)) throw error;
    walk.fault('too-deep', `The file is nested more than ${maxDepth} levels deep.`, 0);
  }
  const value = root ? walk.plain(root, '', 0) : undefined;
  return {
    value,
    faults: walk.faults,
    unquoted: walk.unquoted,
    locate: (path, key = false) => base + locate(root, path, key),
    reported: (path) => {
      if (walk.echoes.size === 0) return false;
      return path.some((_, i) => walk.echoes.has(keyOf(path.slice(0, i + 1)))) || walk.echoes.has('');
    },
  };
}

const keyOf = (path: Path): string => path.map((step) => `/${String(step)}`).join('');

class Walk {
  readonly faults: Fault[] = [];
  readonly echoes = new Set<string>();
  readonly unquoted: { start: number; end: number }[] = [];
  readonly #source: string;
  readonly #base: number;
  readonly #unquotedAt = new Set<number>();

  constructor(source: string, base: number) {
    this.#source = source;
    this.#base = base;
  }

  fault(rule: string, message: string, at: number): void {
    this.faults.push({ rule, message, offset: this.#base + at });
  }

  syntaxError(code: string, message: string, at: number): void {
    if (code === 'BAD_SCALAR_START') this.#unquotedAt.add(at);
    else if (code === 'MULTIPLE_DOCS') this.fault('multiple-documents', 'A file holds one document; split it.', at);
    else if (code === 'BAD_ALIAS') this.fault('alias', 'An alias (*) is not allowed; write the value out.', at);
    else this.fault('yaml-syntax', `${message}.`, at);
  }

  /** The node as plain data. What may not be there is reported once and left out. */
  plain(node: Node, path: string, depth: number): unknown {
    const at = node.range?.[0] ?? 0;
    if (isAlias(node)) return this.#drop(path, 'alias', 'An alias (*) is not allowed; write the value out.', at);
    if (depth > maxDepth) return this.#drop(path, 'too-deep', `Nested more than ${maxDepth} levels deep.`, at);
    if (isScalar(node) || isCollection(node)) {
      if (node.anchor) this.fault('anchor', `An anchor (&${node.anchor}) is not allowed; remove it.`, at);
      // The parser sets it only where one is written.
      if (node.tag) this.fault('tag', 'A tag (!) is not allowed; write the plain value.', at);
    }
    if (isMap(node)) return this.#map(node, path, depth);
    if (isSeq(node)) return node.items.map((item, i) => this.plain(item as Node, `${path}/${i}`, depth + 1));
    if (!isScalar(node)) return undefined;
    this.#scalar(node.value, node.type, at, node.range?.[1] ?? at);
    return node.value;
  }

  #map(node: YAMLMap, path: string, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const keyNode = pair.key as Node | null;
      const at = keyNode?.range?.[0] ?? node.range?.[0] ?? 0;
      if (!isScalar(keyNode) || keyNode.value === null || typeof keyNode.value === 'object') {
        this.fault('key', 'A key has to be a single word.', at);
        continue;
      }
      this.plain(keyNode, '', depth);
      const key = String(keyNode.value);
      if (seen.has(key)) {
        this.fault('duplicate-key', `"${key}" is given twice; keep one.`, at);
        continue;
      }
      seen.add(key);
      if (key === '<<') this.fault('merge-key', 'A merge key (<<) is not allowed; write the values out.', at);
      else if (forbiddenKeys.has(key)) this.fault('dangerous-key', `"${key}" is not allowed as a key.`, at);
      else {
        const value = pair.value as Node | null;
        result[key] = value === null ? null : this.plain(value, `${path}/${key}`, depth + 1);
      }
    }
    return result;
  }

  #scalar(value: unknown, type: unknown, at: number, end: number): void {
    if (this.#unquotedAt.has(at)) {
      const written = this.#source.slice(at, end);
      const message = `A value may not start with ${written.charAt(0)}; put it in quotes: ${JSON.stringify(written)}.`;
      this.unquoted.push({ start: this.#base + at, end: this.#base + end });
      this.fault('unquoted-scalar', message, at);
    }
    // Only an escape in double quotes can hide a character from the screening of the text itself.
    if (type === 'QUOTE_DOUBLE' && typeof value === 'string' && this.#source.slice(at, end).includes('\\')) {
      const found = hiddenCharacter(value.replaceAll('\r', ''));
      if (found) this.fault(found.rule, found.message, at);
    }
  }

  #drop(path: string, rule: string, message: string, at: number): undefined {
    this.echoes.add(path);
    this.fault(rule, message, at);
    return undefined;
  }
}

function locate(root: Node | null, path: Path, key: boolean): number {
  let node: Node | null = root;
  let at = root?.range?.[0] ?? 0;
  for (const [i, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return at;
      const keyAt = (pair.key as Node).range?.[0] ?? at;
      node = pair.value as Node | null;
      const last = i === path.length - 1;
      // A missing field is looked for inside its map: the map's key is the place to show.
      at = (last && key) || isMap(node) || !node ? keyAt : (node.range?.[0] ?? keyAt);
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) return at;
      node = item as Node;
      at = node.range?.[0] ?? at;
    } else return at;
  }
  return at;
}
