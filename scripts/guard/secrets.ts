import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { findSecrets, fingerprintOf } from '../../core/secrets/known-secrets.ts';

const maxBytes = 1024 * 1024;

/** Prints a row for each folder, and what was found by kind, path and line; never a value. */
export function secrets(folders: string[]): void {
  const all = { files: 0, found: 0, values: 0 };
  for (const folder of folders) {
    let [files, found] = [0, 0];
    const values = new Set<string>();
    for (const path of filesOf(folder)) {
      files++;
      const text = readFileSync(path, 'utf8');
      for (const each of findSecrets(text)) {
        found++;
        const fingerprint = fingerprintOf(text, each);
        values.add(fingerprint);
        const line = text.slice(0, each.offset).split('\n').length;
        console.log(`  ${basename(folder)}/${relative(folder, path)}:${line}: ${each.what} (${fingerprint})`);
      }
    }
    row(basename(folder), files, found, values.size);
    all.files += files;
    all.found += found;
    all.values += values.size;
  }
  row('all', all.files, all.found, all.values);
}

/** Name, files, found places, different values, places and values in 1,000 files. */
const row = (name: string, files: number, found: number, values: number): void =>
  console.log(`| ${name} | ${files} | ${found} | ${values} | ${per1000(found, files)} | ${per1000(values, files)} |`);
const per1000 = (found: number, files: number): string => ((found / Math.max(1, files)) * 1_000).toFixed(2);

/** Regular files below a folder, without what git keeps. */
function* filesOf(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== '.git') yield* filesOf(path);
    } else if (entry.isFile() && statSync(path).size <= maxBytes) yield path;
  }
}
