import { basename, dirname, join } from 'node:path';
import { shown } from './contents.ts';
import type { OwnGit } from './git.ts';
import { GitFolder } from './git-folder.ts';
import { dependencyRules, Installed, modulesRules, numbersOf, numbersShowChanges } from './installed.ts';
import { entryNow, look, untracked } from './record.ts';
import type { Tree } from './trees.ts';
import { foldersOf, type Seen } from './walk.ts';

/**
 * The work tree of Verify. What is verified has to be what is published, so a command may write what git ignores, and
 * nothing else; of what was installed it may change nothing.
 */
export class TreeWatch {
  readonly #git: OwnGit;
  readonly #workspace: string;
  readonly #tree: Tree;
  readonly #folders: ReadonlySet<string>;
  readonly #repository: GitFolder;
  /** Numbers of files that had the content of the tree when they were last read. */
  readonly #read = new Map<string, string>();
  readonly #ignored = new Set<string>();
  readonly #deps: { root: string; folder: string };
  #installed: Installed | undefined;
  #dependencies: Installed | undefined;

  /**
   * The tree has been checked out, and no command has run.
   * @param deps Folder of dependencies.
   */
  constructor(git: OwnGit, workspace: string, deps: string, tree: Tree) {
    this.#deps = { root: dirname(deps) === '/' ? '' : dirname(deps), folder: basename(deps) };
    this.#git = git;
    this.#workspace = workspace;
    this.#tree = tree;
    this.#folders = foldersOf(tree.files.keys());
    this.#repository = new GitFolder(join(workspace, '.git'));
  }

  /** Puts the configuration, hooks and index of the work tree's repository back, before a command. */
  restoreRepository(): Promise<void> {
    return this.#repository.restore();
  }

  /** From now on, what is installed may not change. */
  freezeInstalled(): void {
    this.#installed = new Installed(this.#workspace, look(this.#workspace, this.#tree.files).modules, modulesRules);
    this.#dependencies = new Installed(this.#deps.root, [this.#deps.folder], dependencyRules);
  }

  /**
   * Puts files of the tree back as they are in it.
   * @returns what was not put back of what a command altered.
   */
  async putBack(altered: readonly string[], pattern: RegExp): Promise<string[]> {
    const changed = altered.filter((each) => each.startsWith('changed ') && pattern.test(each));
    const paths = changed.map((each) => each.slice('changed '.length));
    if (paths.length === 0) return [...altered];
    const index = 'watch.index';
    await this.#git.run(['read-tree', this.#tree.id], { index });
    await this.#git.run(['checkout-index', '--force', '-z', '--stdin'], {
      index,
      input: Buffer.from(paths.map((path) => `${path}\0`).join('')),
    });
    return (await this.altered()).concat(altered.filter((each) => !changed.includes(each)));
  }

  /** What is not as in the tree, for people. */
  async altered(): Promise<string[]> {
    const seen = look(this.#workspace, this.#tree.files);
    return [
      ...this.#changed(seen),
      ...(await this.#made(seen)),
      ...(this.#installed?.altered(seen.modules) ?? []),
      ...(this.#dependencies?.altered([this.#deps.folder]) ?? []).map((each) => each.replace(' ', ' /')),
    ];
  }

  #changed(seen: Seen): string[] {
    const found: string[] = [];
    const exact = numbersShowChanges(this.#workspace);
    for (const [path, entry] of this.#tree.files) {
      const kind = seen.files.get(path);
      const file = exact && kind !== undefined ? numbersOf(this.#workspace, path) : undefined;
      if (file !== undefined && this.#read.get(path) === file.numbers) continue;
      const now = kind === 'other' ? undefined : entryNow(this.#workspace, path, entry, seen);
      if (now === null) found.push(`deleted ${shown(path)}`);
      else if (now?.sha !== entry.sha || now.mode !== entry.mode) found.push(`changed ${shown(path)}`);
      else if (file?.settled) this.#read.set(path, file.numbers);
    }
    return found;
  }

  async #made(seen: Seen): Promise<string[]> {
    const fresh = [...seen.files].filter(([path]) => !this.#tree.files.has(path) && !this.#ignored.has(path));
    // Such a file would hide others beside the files of the tree, and itself.
    const hiding = fresh.map(([path]) => path).filter((path) => this.#hides(path));
    const { paths, repositories } = await untracked(this.#git, this.#tree, { ...seen, files: new Map(fresh) });
    const made = new Set([...hiding, ...paths]);
    for (const [path] of fresh) if (!made.has(path)) this.#ignored.add(path);
    const inTree = seen.repositories.filter((folder) => this.#folders.has(folder));
    return [
      ...[...made].map((path) => `made ${shown(path)}`),
      ...[...inTree, ...repositories].map((folder) => `made a git repository in ${shown(folder)}`),
    ];
  }

  #hides(path: string): boolean {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    return path.slice(folder.length).replace('/', '') === '.gitignore' && (folder === '' || this.#folders.has(folder));
  }
}
