import { execFile } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { numbersOf, numbersShowChanges } from '../watch/numbers.ts';
import { remove } from './folders.ts';

/** The part of a git folder that grows with the history; it is not kept in memory. */
const objects = 'objects';

/**
 * A git folder as it is now, kept in memory: configuration, hooks, refs and index can name programs and decide what git
 * shows, so they are put back after code ran that could write them. So are the objects, from a folder that such code
 * cannot write: git does not compare an object with its id when it reads it.
 */
export class GitFolder {
  readonly #dir: string;
  readonly #files = new Map<string, Buffer>();
  readonly #folders = new Set(['.', objects]);
  readonly #origin: string | undefined;
  /** Numbers of the objects; undefined if they do not show every change. */
  #objects: string | undefined;

  /** @param origin Git folder with the same objects; undefined for a folder whose objects nobody else writes. */
  constructor(dir: string, origin?: string) {
    this.#dir = dir;
    this.#origin = origin;
    this.#objects = this.#numbersOfObjects();
    const read = (folder: string): void => {
      this.#folders.add(folder);
      for (const entry of readdirSync(join(dir, folder), { withFileTypes: true })) {
        const name = join(folder, entry.name);
        if (entry.isDirectory() && name !== objects) read(name);
        else if (entry.isFile()) this.#files.set(name, readFileSync(join(dir, name)));
      }
    };
    read('.');
  }

  /** Writes the files that are not as they were, and removes all others; without an origin, objects stay. */
  async restore(): Promise<void> {
    await this.#restoreFiles();
    if (this.#origin === undefined) return;
    const now = this.#numbersOfObjects();
    if (now !== undefined && now === this.#objects) return;
    await remove([join(this.#dir, objects)]);
    await promisify(execFile)('cp', ['-R', '--', join(this.#origin, objects), this.#dir]);
    this.#objects = this.#numbersOfObjects();
  }

  async #restoreFiles(): Promise<void> {
    let others: string[] = [];
    const same = new Set<string>();
    const clear = (folder: string): void => {
      if (!lstatSync(join(this.#dir, folder)).isDirectory()) throw new Error('not a folder');
      for (const entry of readdirSync(join(this.#dir, folder), { withFileTypes: true })) {
        const name = join(folder, entry.name);
        if (entry.isDirectory() && this.#folders.has(name)) {
          // `objects/info/alternates` would borrow the objects of another folder.
          if (name === objects) others.push(join(objects, 'info'));
          else clear(name);
        } else if (this.#isSame(name)) same.add(name);
        else others.push(name);
      }
    };
    try {
      clear('.');
    } catch {
      others = ['.']; // it is gone, a link, or without the right to read it
      same.clear();
    }
    await remove(others.map((name) => join(this.#dir, name)));
    for (const folder of this.#folders) mkdirSync(join(this.#dir, folder), { recursive: true });
    for (const [name, content] of this.#files)
      if (!same.has(name)) writeFileSync(join(this.#dir, name), content, { flag: 'wx' });
  }

  #numbersOfObjects(): string | undefined {
    if (this.#origin === undefined || !numbersShowChanges(this.#dir)) return undefined;
    const found: string[] = [];
    const open = [objects];
    try {
      for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
        for (const entry of readdirSync(join(this.#dir, folder), { withFileTypes: true })) {
          const path = `${folder}/${entry.name}`;
          const { numbers, settled } = numbersOf(this.#dir, Buffer.from(path).toString('latin1'));
          if (entry.isDirectory()) open.push(path);
          else if (settled) found.push(`${path} ${numbers}`);
          else return undefined;
        }
      }
    } catch {
      return undefined; // a folder that nobody may list
    }
    return found.sort().join('\n');
  }

  /** Whether a file has its content, and no other name under which it could be written. */
  #isSame(name: string): boolean {
    const file = join(this.#dir, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    const content = this.#files.get(name);
    return (
      content !== undefined &&
      stat?.isFile() === true &&
      stat.nlink === 1 &&
      stat.size === content.length &&
      readFileSync(file).equals(content)
    );
  }
}
