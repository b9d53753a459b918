// `node scripts/shrinkwrap.ts write|remove`: the lock file of the published package, made from this repository's for the time
// of `npm pack`. With it, an installation gets the transitive dependencies that were tested, each compared with its digest.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Lock {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean; devDependencies?: unknown }>;
}

const root = join(import.meta.dirname, '..');
const file = join(root, 'npm-shrinkwrap.json');

if (process.argv[2] === 'write') {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const packages = Object.fromEntries(
    Object.entries(lock.packages).flatMap(([path, { devDependencies: _none, ...entry }]) =>
      // A link leads to a folder of the tests.
      entry.dev === true || entry.devOptional === true || entry.link === true ? [] : [[path, entry]],
    ),
  );
  writeFileSync(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
} else rmSync(file, { force: true });
