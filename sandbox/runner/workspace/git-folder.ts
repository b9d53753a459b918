import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { remove } from './folders.ts';

/** The part of a git folder that grows with the history; its files are named by their content. */
const objects = 'objects';

/**
 * A git folder as it is now, without its objects, kept in memory: configuration, hooks, refs and index can name programs
 * and decide what git shows, so they are put back after code ran that could write them.
 */
export class GitFolder {
  readonly #dir: string;
  readonly #files = new Map<string, Buffer>();
  readonly #folders = new Set(['.', objects]);

  constructor(dir: string) {
    this.#dir = dir;
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

  /** Writes the files that are not as they were, and removes all others except objects. */
  async restore(): Promise<void> {
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
