import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { flipOf, hasCrlf, type TextRule, toCrlf } from '../../../core/git/line-ends.ts';
import { maxHiddenLine } from '../../../core/run/phase.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';
import type { Change } from './change.ts';
import { contentOf, entryOf } from './contents.ts';
import type { OwnGit } from './git.ts';
import { readBlobs, type Tree } from './trees.ts';
import { at } from './walk.ts';

/** Bytes of a file whose line ends are converted, and of such files that are read at once. */
const maxText = 32 * 1024 * 1024;

interface Attributes {
  rule: TextRule;
  crlf: boolean;
}

/**
 * Line ends of the work tree as the attributes of the base say. They are read from the tree of the base: what a command
 * writes into `.gitattributes` changes nothing here. Filters, keywords and encodings stay off.
 */
export class LineEnds {
  readonly #git: OwnGit;
  readonly #base: Tree;
  readonly #known = new Map<string, Attributes | undefined>();
  /** Id of a blob and of the file that was made of it, by path. */
  readonly #made = new Map<string, { blob: string; file: string }>();
  /** Ids of what was stored in place of a file with other line ends, by path. */
  readonly stored = new Map<string, string>();
  readonly #none: boolean;

  constructor(git: OwnGit, base: Tree) {
    this.#git = git;
    this.#base = base;
    this.#none = ![...base.files.keys()].some((path) => /(^|\/)\.gitattributes$/.test(path));
  }

  /** Whether a file is what a checkout made of the blob. */
  isCheckout(path: string, blob: string, file: string): boolean {
    const made = this.#made.get(path);
    return made?.blob === blob && made.file === file;
  }

  /** Rules of those paths whose line ends git converts. */
  async rules(paths: Iterable<string>): Promise<Map<string, Attributes>> {
    const found = new Map<string, Attributes>();
    if (this.#none) return found;
    const all = [...paths];
    await this.#ask(all.filter((path) => !this.#known.has(path)));
    for (const path of all) {
      const attributes = this.#known.get(path);
      if (attributes !== undefined) found.set(path, attributes);
    }
    return found;
  }

  /** Gives the files of a tree that was checked out the line ends that the attributes ask for. */
  async apply(workspace: string, tree: Tree): Promise<void> {
    const files = [...tree.files].filter(([, { mode }]) => mode.startsWith('100'));
    for (const [path, { rule, crlf }] of await this.rules(files.map(([path]) => path))) {
      const entry = tree.files.get(path);
      if (!crlf || entry === undefined) continue;
      // It may have its line ends from before, or a command may have changed it.
      if (entryOf(workspace, path, 'file').sha !== entry.sha) continue;
      const blob = contentOf(workspace, path, entry, maxText);
      const file = blob && toCrlf(blob, rule);
      if (file === undefined) continue;
      write(workspace, path, file);
      this.#made.set(path, { blob: entry.sha, file: gitBlobSha(file) });
    }
  }

  async #ask(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const index = 'attributes.index';
    await this.#git.run(['read-tree', this.#base.id], { index });
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
    const answer = await this.#git.attributes(['--cached', '-z', '--stdin', 'text', 'eol'], { index, input });
    const fields = answer.toString('latin1').split('\0');
    // Path, attribute and value, once for each attribute.
    for (let i = 0; i + 5 < fields.length; i += 6) {
      const [path = '', , text, , , eol] = fields.slice(i, i + 6);
      this.#known.set(path, attributesOf(text, eol));
    }
  }
}

function attributesOf(text: string | undefined, eol: string | undefined): Attributes | undefined {
  const crlf = eol === 'crlf';
  if (text === 'unset') return undefined;
  if (text === 'auto') return { rule: 'auto', crlf };
  return text === 'set' || crlf || eol === 'lf' ? { rule: 'text', crlf } : undefined;
}

/** Those of the blobs that hold a CRLF: git leaves the line ends of such files alone where it looks for text itself. */
export async function withCrlf(git: OwnGit, ids: Iterable<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const [id, content] of readBlobs(git, ids)) if (hasCrlf(content)) found.add(id);
  return found;
}

/** Lines of a list for people, and files that are compared for it. */
const maxFlipped = 50;
const maxCompared = 2_000;

/** The files of a change whose line ends changed in every line, for people. */
export async function flippedFiles(git: OwnGit, base: Tree, change: Change): Promise<string[]> {
  /** By the blob that each had before. */
  const changed = new Map<string, Change['files'][number][]>();
  for (const file of change.files.slice(0, maxCompared)) {
    const before = base.files.get(file.path);
    if (!before?.mode.startsWith('100') || file.bytes > maxText) continue;
    const same = changed.get(before.sha);
    if (same === undefined) changed.set(before.sha, [file]);
    else same.push(file);
  }
  const found: string[] = [];
  for await (const [id, before] of readBlobs(git, changed.keys())) {
    for (const file of changed.get(id) ?? []) {
      const flip = flipOf(before, await change.read(file));
      if (flip !== undefined) found.push(`${file.name.slice(0, maxHiddenLine - 20)}: ${flip}`);
    }
    if (found.length >= maxFlipped) break;
  }
  return found.sort().slice(0, maxFlipped);
}

/** A link in the place of the file is not followed. */
function write(workspace: string, path: string, content: Uint8Array): void {
  const file = openSync(at(workspace, path), constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    ftruncateSync(file);
    for (let from = 0; from < content.length; ) from += writeSync(file, content, from);
  } finally {
    closeSync(file);
  }
}
