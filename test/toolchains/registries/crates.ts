/** A sparse index of crates (https://doc.rust-lang.org/cargo/reference/registry-index.html), with their archives. */
import { createHash } from 'node:crypto';
import { type Files, tarGz } from './archive.ts';
import { type Served, serve } from './serve.ts';

export interface Crate {
  name: string;
  version: string;
  bytes: Buffer;
  checksum: string;
}

export function packCrate(name: string, version: string, files: Files): Crate {
  const inside = Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}-${version}/${path}`, text]));
  const bytes = tarGz(inside);
  return { name, version, bytes, checksum: createHash('sha256').update(bytes).digest('hex') };
}

const prefix = (name: string): string =>
  name.length <= 2
    ? String(name.length)
    : name.length === 3
      ? `3/${name[0]}`
      : `${name.slice(0, 2)}/${name.slice(2, 4)}`;

export function serveCrates(crates: readonly Crate[]): Promise<Served> {
  return serve((path, _accept, base) => {
    if (path === '/config.json') return { type: 'application/json', body: JSON.stringify({ dl: `${base}files` }) };
    for (const { name, version, bytes, checksum } of crates) {
      if (path === `/${prefix(name)}/${name}`)
        return {
          type: 'text/plain',
          body: `${JSON.stringify({ name, vers: version, deps: [], cksum: checksum, features: {}, yanked: false })}\n`,
        };
      if (path === `/files/${name}/${version}/download`) return { body: bytes };
    }
    return undefined;
  });
}
