import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publicRegistries, simpleRoot } from '../../../../gateway/registry/parts.ts';

/**
 * Base URLs of the registries, as the tools of the host are configured, otherwise the public ones. A URL with a password
 * is not used: the policy has a place for credentials.
 */
export async function registryUrls(): Promise<Record<string, string>> {
  const configured = await Promise.all([npm(), pypi(), maven(), go(), crates()]);
  const own = configured.flatMap((each) => Object.entries(each)).filter(([, url]) => isPlain(url));
  return { ...publicRegistries, ...Object.fromEntries(own) };
}

function isPlain(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

async function npm(): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: '/' });
  return { npm: stdout.trim() };
}

/** An index ends with `/simple`; the mirror serves what is beside it too. */
async function pypi(): Promise<Record<string, string>> {
  const index = process.env.PIP_INDEX_URL ?? process.env.UV_DEFAULT_INDEX;
  return index === undefined ? {} : { pypi: simpleRoot(index) };
}

async function go(): Promise<Record<string, string>> {
  const [first = ''] = (process.env.GOPROXY ?? '').split(/[,|]/);
  return first.startsWith('http') ? { go: first } : {};
}

const configFile = (...path: string[]): Promise<string> => readFile(join(homedir(), ...path), 'utf8').catch(() => '');

/** The mirror of Maven Central, https://maven.apache.org/guides/mini/guide-mirror-settings.html. */
async function maven(): Promise<Record<string, string>> {
  for (const mirror of (await configFile('.m2/settings.xml')).split('</mirror>')) {
    const of = /<mirrorOf>([^<]{1,200})<\/mirrorOf>/.exec(mirror)?.[1]?.split(',') ?? [];
    const url = /<url>([^<]{1,2000})<\/url>/.exec(mirror)?.[1];
    if (url !== undefined && of.some((name) => ['*', 'central', 'external:*'].includes(name.trim())))
      return { maven: url.trim() };
  }
  return {};
}

/** The replacement of crates.io, https://doc.rust-lang.org/cargo/reference/source-replacement.html. */
async function crates(): Promise<Record<string, string>> {
  const text = await configFile('.cargo/config.toml');
  const name = /^\[source\.crates-io\]\s*\nreplace-with\s*=\s*"([\w-]{1,100})"/m.exec(text)?.[1];
  if (name === undefined) return {};
  const section = text.split(`[source.${name}]`)[1] ?? '';
  const url = /^registry *= *"sparse\+([^"\n]{1,2000})"/m.exec(section)?.[1];
  return url === undefined ? {} : { crates: url };
}
