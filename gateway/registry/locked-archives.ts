import { z } from 'zod';

/**
 * The checksums of archives in lock files. These are the base commit's, and are read outside the sandbox; a file that is
 * not in its format has none, and its package manager reports it. All are read line by line, in linear time.
 */

type Add = (key: string, checksums: readonly string[]) => void;
type Reader = (text: string, add: Add) => void;

const hexOf = (integrity: string | undefined): string | undefined => {
  const base64 = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)/.exec(integrity ?? '')?.[1];
  return base64 && Buffer.from(base64, 'base64').toString('hex');
};

const npmKey = (name: string, version: string): string =>
  `npm/${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;

function addNpm(add: Add, name: string | undefined, version: string | undefined, integrity: string | undefined): void {
  const hex = hexOf(integrity);
  if (name !== undefined && version !== undefined && hex !== undefined) add(npmKey(name, version), [hex]);
}

const packageLock = z.object({
  packages: z.record(
    z.string(),
    z.object({ name: z.string().optional(), version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/** npm, version 2 and 3. */
const ofNpm: Reader = (text, add) => {
  let parsed: z.infer<typeof packageLock>;
  try {
    parsed = packageLock.parse(JSON.parse(text));
  } catch {
    return;
  }
  for (const [location, { name: alias, version, integrity }] of Object.entries(parsed.packages)) {
    if (!location.includes('node_modules/')) continue;
    const name = alias ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
    addNpm(add, name, version, integrity);
  }
};

/** yarn 1; a checksum of yarn 2 and later is that of its own archive. */
const ofYarn: Reader = (text, add) => {
  let path: string | undefined;
  for (const line of lines(text)) {
    if (/^\S/.test(line)) path = undefined;
    path =
      /^ {2}resolved "https?:\/\/[^"]{1,1500}?\/((?:@[^"/]{1,214}\/)?[^"/]{1,214}\/-\/[^"/#]{1,500}\.tgz)/.exec(
        line,
      )?.[1] ?? path;
    const hex = /^ {2}integrity /.test(line) ? hexOf(line) : undefined;
    if (path !== undefined && hex !== undefined) add(`npm/${path}`, [hex]);
  }
};

/** pnpm, version 6 and later. */
const ofPnpm: Reader = (text, add) => {
  let found: RegExpExecArray | null = null;
  for (const line of lines(text)) {
    if (/^ {2}\S/.test(line))
      found = /^ {2}'?\/?((?:@[^/@\s']{1,214}\/)?[^/@\s']{1,214})@([^\s:'()]{1,256})/.exec(line);
    const integrity = /^ {4}resolution: \{integrity: ([^,}]{1,500})/.exec(line)?.[1];
    if (found !== null && integrity !== undefined) addNpm(add, found[1], found[2], integrity);
  }
};

/** bun, its text format. */
const ofBun: Reader = (text, add) => {
  for (const line of lines(text)) {
    const found = /^ {4}"[^"]{1,500}": \["((?:@[^/@"]{1,214}\/)?[^/@"]{1,214})@([^"]{1,256})"/.exec(line);
    if (found !== null)
      addNpm(add, found[1], found[2], /"(sha512-[A-Za-z0-9+/]{86}==)"\],?$/.exec(line.trimEnd())?.[1]);
  }
};

/** poetry, uv and pdm: each file with its name or its URL. */
const ofPython: Reader = (text, add) => {
  for (const line of lines(text)) {
    const hex = /\bhash = "sha256:([0-9a-f]{64})"/.exec(line)?.[1];
    const file = /\b(?:file|url) = "([^"\s]{1,1000})"/.exec(line)?.[1];
    if (hex !== undefined && file !== undefined) add(`pypi/${decoded(file.slice(file.lastIndexOf('/') + 1))}`, [hex]);
  }
};

/** Requirements with hashes name no files: one of the hashes of a version has to fit. */
const ofRequirements: Reader = (text, add) => {
  let key: string | undefined;
  let hashes: string[] = [];
  const end = (): void => {
    if (key !== undefined && hashes.length > 0) add(key, hashes);
    hashes = [];
  };
  for (const line of lines(text)) {
    const [, name, version] = /^([A-Za-z0-9][\w.-]{0,200})(?:\[[^\]]{0,200}\])?==([^\s;\\]{1,100})/.exec(line) ?? [];
    if (name !== undefined) {
      end();
      key = `pypi/${name.replace(/[-_.]+/g, '-').toLowerCase()}==${version}`;
    }
    for (const [, hex = ''] of line.matchAll(/--hash=sha256:([0-9a-f]{64})/g))
      if (hashes.length < 500) hashes.push(hex);
  }
  end();
};

const ofCargo: Reader = (text, add) => {
  let name: string | undefined;
  let version: string | undefined;
  for (const line of lines(text)) {
    if (line === '[[package]]') name = version = undefined;
    name = /^name = "([\w-]{1,100})"/.exec(line)?.[1] ?? name;
    version = /^version = "([^"]{1,100})"/.exec(line)?.[1] ?? version;
    const hex = /^checksum = "([0-9a-f]{64})"/.exec(line)?.[1];
    if (hex !== undefined && name !== undefined && version !== undefined)
      add(`crates-files/${name}/${version}/download`, [hex]);
  }
};

function* lines(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    // A longer line is of no lock file that a package manager wrote.
    if (end - start < 20_000) yield text.slice(start, end).replace(/\r$/, '');
    start = end + 1;
  }
  if (text.length - start < 20_000) yield text.slice(start);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const readers: Record<string, Reader> = {
  'npm-shrinkwrap.json': ofNpm,
  'package-lock.json': ofNpm,
  'yarn.lock': ofYarn,
  'pnpm-lock.yaml': ofPnpm,
  'bun.lock': ofBun,
  'poetry.lock': ofPython,
  'uv.lock': ofPython,
  'pdm.lock': ofPython,
  'requirements.txt': ofRequirements,
  'Cargo.lock': ofCargo,
};

/** Paths of lock files below the roots of a project. */
export const lockFiles = (roots: readonly string[]): string[] =>
  roots.flatMap((root) => Object.keys(readers).map((name) => (root === '.' ? name : `${root}/${name}`)));

/** Checksums of the archives that lock files name. @param files Content by path. */
export function lockedChecksums(files: ReadonlyMap<string, string>): Map<string, readonly string[]> {
  const checksums = new Map<string, readonly string[]>();
  for (const [path, text] of files) {
    const read = readers[path.slice(path.lastIndexOf('/') + 1)];
    read?.(text, (key, list) => checksums.set(key, [...new Set([...(checksums.get(key) ?? []), ...list])]));
  }
  return checksums;
}
