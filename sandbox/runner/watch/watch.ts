import { basename, dirname, join } from 'node:path';
import { kindOf } from '../../../core/guard/attention/file-kinds.ts';
import { shown } from '../workspace/contents.ts';
import type { OwnGit } from '../workspace/git.ts';
import { GitFolder } from '../workspace/git-folder.ts';
import type { LineEnds } from '../workspace/line-ends.ts';
import { entryNow, look, untracked } from '../workspace/record.ts';
import type { Tree } from '../workspace/trees.ts';
import { foldersOf, installed, type Seen } from '../workspace/walk.ts';
import { dependencyRules, Installed, modulesRules } from './installed.ts';
import { numbersOf, numbersShowChanges } from './numbers.ts';

/**
 * The work tree of Verify. What is verified has to be what is published, so a command may write what git ignores, and
 * nothing else; of what was installed it may change nothing.
 */
export class TreeWatch {
  readonly #git: OwnGit;
  readonly #workspace: string;
  readonly #tree: Tree;
  readonly #lineEnds: LineEnds;
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
  constructor(git: OwnGit, workspace: string, deps: string, tree: Tree, lineEnds: LineEnds) {
    this.#lineEnds = lineEnds;
    this.#deps = { root: dirname(deps) === '/' ? '' : dirname(deps), folder: basename(deps) };
    this.#git = git;
    this.#workspace = workspace;
    this.#tree = tree;
    this.#folders = foldersOf(tree.files.keys());
    this.#repository = new GitFolder(join(workspace, '.git'), git.dir);
  }

  /** Puts the configuration, hooks, index and objects of the work tree's repository back, before a command. */
  restoreRepository(): Promise<void> {
    return this.#repository.restore();
  }

  /** From now on, what is installed may not change. */
  freezeInstalled(): void {
    this.#installed = new Installed(
      this.#workspace,
      this.#deciding(look(this.#workspace, this.#tree.files)),
      modulesRules,
    );
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
    await this.#lineEnds.apply(this.#workspace, this.#tree);
    return [...new Set([...(await this.altered()), ...altered.filter((each) => !changed.includes(each))])];
  }

  /** What is not as in the tree, for people. */
  async altered(): Promise<string[]> {
    const seen = look(this.#workspace, this.#tree.files);
    const found = [
      ...this.#changed(seen),
      ...(await this.#made(seen)),
      ...(this.#installed?.altered(this.#deciding(seen)) ?? []),
      ...(this.#dependencies?.altered([this.#deps.folder]) ?? []).map((each) => each.replace(' ', ' /')),
    ];
    return [...new Set(found)];
  }

  /** What decides, beside the tree, what commands run, whether git ignores it or not. */
  #deciding({ files, modules, submodules }: Seen): string[] {
    const others = [...files.keys()].filter((path) => !this.#tree.files.has(path) && this.#decides(path));
    return [...modules, ...submodules, ...others];
  }

  #decides(path: string): boolean {
    const { name, besideTree } = this.#place(path);
    if (name === installed) return true;
    const kind = besideTree ? kindOf(path) : undefined;
    return kind === 'TestSettingsChanged' || kind === 'InstallationChanged';
  }

  #changed(seen: Seen): string[] {
    const found: string[] = [];
    const exact = numbersShowChanges(this.#workspace);
    for (const [path, entry] of this.#tree.files) {
      const kind = seen.files.get(path);
      const file = exact && kind !== undefined ? numbersOf(this.#workspace, path) : undefined;
      if (file !== undefined && this.#read.get(path) === file.numbers) continue;
      const now = kind === 'other' ? undefined : entryNow(this.#workspace, path, entry, seen, this.#lineEnds);
      if (now === null) found.push(`deleted ${shown(path)}`);
      else if (now?.sha !== entry.sha || now.mode !== entry.mode) found.push(`changed ${shown(path)}`);
      else if (file?.settled) this.#read.set(path, file.numbers);
    }
    return found;
  }

  async #made(seen: Seen): Promise<string[]> {
    const fresh = [...seen.files].filter(([path]) => !this.#tree.files.has(path) && !this.#ignored.has(path));
    // Such a file would hide others beside the files of the tree, and itself, or name programs for the next command.
    const hiding = fresh
      .map(([path]) => path)
      .filter((path) => {
        const { name, besideTree } = this.#place(path);
        return besideTree && neverMade.test(name);
      });
    const { paths, repositories } = await untracked(this.#git, this.#tree, { ...seen, files: new Map(fresh) });
    const made = new Set([...hiding, ...paths]);
    for (const [path] of fresh) if (!made.has(path)) this.#ignored.add(path);
    const inTree = seen.repositories.filter((folder) => this.#folders.has(folder));
    return [
      ...[...made].map((path) => `made ${shown(path)}`),
      ...[...inTree, ...repositories].map((folder) => `made a git repository in ${shown(folder)}`),
      ...seen.unlisted.map((folder) => `made a folder that cannot be listed: ${shown(folder)}`),
    ];
  }

  /** The last part of a path, and whether its folder has files of the tree. */
  #place(path: string): { name: string; besideTree: boolean } {
    const slash = path.lastIndexOf('/');
    return {
      name: path.slice(slash + 1),
      besideTree: slash < 0 || this.#folders.has(path.slice(0, slash)),
    };
  }
}

/** Files that no command may make beside those of the tree, even if git ignores them. */
const neverMade = /^(?:\.gitignore|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.[cm]?js|pnpm-workspace\.yaml)$/;
