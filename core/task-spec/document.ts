import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  Schema,
  type YAMLMap,
} from 'yaml';
import { parseYaml } from '../text/yaml.ts';
import { type Fault, hiddenCharacter } from './text.ts';

export type Path = readonly PropertyKey[];

/** A YAML document as plain data, with its syntax faults and the offsets of its values. */
export interface YamlDocument {
  value: unknown;
  faults: Fault[];
  /** Offset of the value at a path, or of its nearest existing parent. `key`: offset of the key instead. */
  locate(path: Path, key?: boolean): number;
  /** Whether the value at the path, or a parent, already has a fault: a schema fault would only repeat it. */
  reported(path: Path): boolean;
  /** Start and end offset of each plain scalar that starts with a reserved character. */
  unquoted: { start: number; end: number }[];
}

// `silent` would also suppress the error for a second document. One schema for all documents, because building it costs
// as much as parsing a small file.
const schema = new Schema({ schema: 'core', merge: false });
const options = { schema, uniqueKeys: false, prettyErrors: false, logLevel: 'error', stringKeys: false } as const;

/** More faults than a report lists. */
const maxFaults = 1_000;

/** Deeper than any field of a spec or policy; limits the recursion. */
const maxDepth = 16;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads one YAML 1.2 document of plain data: no anchors, aliases, tags, directives or merge keys, so that a reviewer
 * sees the data as it is and a short text cannot expand. Continues after each fault as far as possible.
 * @param base offset of `source` in the file, added to every offset.
 */
export function readYaml(source: string, base: number): YamlDocument {
  const walk = new Walk(source, base);
  let root: ParsedNode | null = null;
  try {
    const document = parseYaml(source, options);
    root = document?.contents ?? null;
    for (const error of (document?.errors ?? []).slice(0, maxFaults))
      walk.syntaxError(error.code, error.message, error.pos[0]);
    if (document?.directives?.yaml.explicit || /^%/.test(source)) {
      walk.fault('directive', 'A %directive is not allowed; remove it, the file is read as YAML 1.2.', 0);
    }
  } catch (error) {
    // The parser is recursive: a RangeError means that the nesting exceeds its stack.
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
    if (this.faults.length < maxFaults) this.faults.push({ rule, message, offset: this.#base + at });
  }

  syntaxError(code: string, message: string, at: number): void {
    if (code === 'BAD_SCALAR_START') this.#unquotedAt.add(at);
    else if (code === 'MULTIPLE_DOCS')
      this.fault('multiple-documents', 'A file may contain only one YAML document; split it.', at);
    else if (code === 'BAD_ALIAS') this.fault('alias', 'An alias (*) is not allowed; write the value out.', at);
    else this.fault('yaml-syntax', `${message}.`, at);
  }

  /** The node as plain data. Parts that are not allowed are reported once and left out. */
  plain(node: Node, path: string, depth: number): unknown {
    const at = node.range?.[0] ?? 0;
    if (isAlias(node)) return this.#drop(path, 'alias', 'An alias (*) is not allowed; write the value out.', at);
    if (depth > maxDepth) return this.#drop(path, 'too-deep', `Nested more than ${maxDepth} levels deep.`, at);
    if (isScalar(node) || isCollection(node)) {
      if (node.anchor) this.fault('anchor', `An anchor (&${node.anchor}) is not allowed; remove it.`, at);
      // The parser sets `tag` only for an explicit tag.
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
    // An escape in double quotes is the only way to hide a character from the check of the text.
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
      // The offset for a missing field is the key of the map that should contain it.
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
