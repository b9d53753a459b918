import { z } from 'zod';
import { download, type Origin } from './download.ts';

const maxConfig = 64 * 1024;
const config = z.object({ dl: z.string().max(2_000) });

/**
 * `config.json` of the mirror's index: crates are downloaded from a mirror too.
 * @param files URL of the mirror of the archives, with a slash at the end.
 */
export const cratesConfig = (files: string): string => JSON.stringify({ dl: files.slice(0, -1), api: null });

/**
 * Where an index says that its crates are (https://doc.rust-lang.org/cargo/reference/registry-index.html#index-configuration).
 * @param path `serde/1.0.0/download`.
 * @throws Error if the index has no valid configuration.
 */
export async function crateUrl(path: string, headers: Record<string, string>, from: Origin): Promise<URL> {
  const answer = await download(new URL('config.json', from.root), 'GET', headers, from);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += (chunk as Buffer).length;
    if (length > maxConfig) throw new Error('the configuration of the index is too long');
    chunks.push(chunk as Buffer);
  }
  const { dl } = config.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  const [crate = '', version = ''] = path.split('/');
  if (!/\{[\w-]+\}/.test(dl)) return new URL(`${dl.replace(/\/$/, '')}/${path}`);
  const values: Record<string, string> = {
    crate,
    version,
    prefix: prefixOf(crate),
    lowerprefix: prefixOf(crate.toLowerCase()),
  };
  return new URL(dl.replace(/\{([\w-]+)\}/g, (all, name: string) => values[name] ?? all));
}

/** The folder of a crate in an index: `se/rd` for serde. */
function prefixOf(crate: string): string {
  if (crate.length <= 2) return String(crate.length);
  return crate.length === 3 ? `3/${crate[0]}` : `${crate.slice(0, 2)}/${crate.slice(2, 4)}`;
}
