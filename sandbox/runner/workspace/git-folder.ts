import { lstatSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
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

  /** Writes the files as they were, and removes all others except objects. */
  async restore(): Promise<void> {
    const others: string[] = [];
    const clear = (folder: string): void => {
      for (const entry of readdirSync(join(this.#dir, folder), { withFileTypes: true })) {
        const name = join(folder, entry.name);
        if (entry.isDirectory() && this.#folders.has(name)) {
          // `objects/info/alternates` would borrow the objects of another folder.
          if (name === objects) others.push(join(objects, 'info'));
          else clear(name);
        } else if (entry.isFile() && this.#files.has(name)) unlinkSync(join(this.#dir, name));
        else others.push(name);
      }
    };
    if (lstatSync(this.#dir, { throwIfNoEntry: false })?.isDirectory()) clear('.');
    else others.push('.');
    await remove(others.map((name) => join(this.#dir, name)));
    for (const folder of this.#folders) mkdirSync(join(this.#dir, folder), { recursive: true });
    for (const [name, content] of this.#files) {
      writeFileSync(join(this.#dir, name), content, { flag: 'wx' });
    }
  }
}
