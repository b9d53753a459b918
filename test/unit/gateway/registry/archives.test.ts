import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArchiveFolder } from '../../../../gateway/registry/archive-folder.ts';
import { type Archives, keepingArchive, keptArchive, lockedArchive } from '../../../../gateway/registry/archives.ts';
import { lockedChecksums } from '../../../../gateway/registry/locked-archives.ts';

const sha512 = (text: string) => createHash('sha512').update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const integrity = (text: string): string => `sha512-${sha512(text).toString('base64')}`;
const lockOf = (packages: Record<string, object>): string => JSON.stringify({ lockfileVersion: 3, packages });
const checksumsOf = (name: string, text: string) => Object.fromEntries(lockedChecksums(new Map([[name, text]])));

describe('checksums of a lock file', () => {
  test('npm: are those of archives, by the path they are asked for', () => {
    const lock = lockOf({
      '': { name: 'own', version: '1.0.0' },
      'node_modules/a': { version: '1.0.0', integrity: integrity('a') },
      'node_modules/a/node_modules/@s/b': { version: '2.0.0-rc.1', integrity: `sha1-x ${integrity('b')}` },
      'node_modules/alias': { name: '@s/real', version: '3.0.0', integrity: integrity('c') },
      'node_modules/linked': { link: true, resolved: 'packages/linked' },
      'node_modules/old': { version: '1.0.0', integrity: 'sha1-kPfzq9DdmIKMvKdlvMXUGpMhG9Y=' },
      'packages/linked': { version: '1.0.0', integrity: integrity('own') },
    });
    expect(checksumsOf('package-lock.json', lock)).toEqual({
      'npm/a/-/a-1.0.0.tgz': [sha512('a').toString('hex')],
      'npm/@s/b/-/b-2.0.0-rc.1.tgz': [sha512('b').toString('hex')],
      'npm/@s/real/-/real-3.0.0.tgz': [sha512('c').toString('hex')],
    });
  });

  const a = { 'npm/a/-/a-1.0.0.tgz': [sha512('a').toString('hex')] };
  const both = { ...a, 'npm/@s/b/-/b-2.0.0.tgz': [sha512('b').toString('hex')] };
  const file = { 'pypi/tiny-1.2.3-py3-none-any.whl': [sha256('a')] };
  test.each<[string, string, object]>([
    [
      'yarn.lock',
      `a@^1.0.0:\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#574c"\n  integrity ${integrity('a')}\n\n"@s/b@^2":\n  version "2.0.0"\n  resolved "https://npm.acme.example/api/npm/@s/b/-/b-2.0.0.tgz#00"\n  integrity ${integrity('b')}\n`,
      both,
    ],
    // The checksum of yarn 2 is that of its own archive.
    ['yarn.lock', `"a@npm:1.0.0":\n  version: 1.0.0\n  checksum: 10c0/${sha512('a').toString('hex')}\n`, {}],
    [
      'pnpm-lock.yaml',
      `packages:\n\n  a@1.0.0:\n    resolution: {integrity: ${integrity('a')}}\n    engines: {node: '>=4'}\n\n  '@s/b@2.0.0':\n    resolution: {integrity: ${integrity('b')}}\n\nsnapshots:\n\n  a@1.0.0: {}\n`,
      both,
    ],
    ['pnpm-lock.yaml', `packages:\n\n  /a@1.0.0(b@1):\n    resolution: {integrity: ${integrity('a')}}\n`, a],
    [
      'bun.lock',
      `{\n  "packages": {\n    "a": ["a@1.0.0", "", {}, "${integrity('a')}"],\n\n    "x/@s/b": ["@s/b@2.0.0", "", { "dependencies": { "a": "1" } }, "${integrity('b')}"],\n  }\n}\n`,
      both,
    ],
    [
      'poetry.lock',
      `files = [\n    {file = "tiny-1.2.3-py3-none-any.whl", hash = "sha256:${sha256('a')}"},\n]\n`,
      file,
    ],
    [
      'uv.lock',
      `wheels = [\n    { url = "https://files.pythonhosted.org/packages/00/tiny-1.2.3-py3-none-any.whl", hash = "sha256:${sha256('a')}", size = 1 },\n]\n`,
      file,
    ],
    [
      'requirements.txt',
      `# made by pip-compile\nTiny_Package[x]==1.2.3 \\\n    --hash=sha256:${sha256('a')} \\\n    --hash=sha256:${sha256('b')}\n    # via -r requirements.in\nother==2\n`,
      { 'pypi/tiny-package==1.2.3': [sha256('a'), sha256('b')] },
    ],
    [
      'api/Cargo.lock',
      `[[package]]\nname = "own"\nversion = "0.1.0"\n\n[[package]]\nname = "greet"\nversion = "1.0.0"\nsource = "registry+x"\nchecksum = "${sha256('a')}"\n`,
      { 'crates-files/greet/1.0.0/download': [sha256('a')] },
    ],
  ])('%s', (name, text, expected) => expect(checksumsOf(name, text)).toEqual(expected));

  test('property: there are none in what is no lock file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(checksumsOf('package-lock.json', text)).toEqual({});
      }),
    );
  });
});

describe('R16 the cache of archives', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'archives-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const archivesWith = (checksums: Record<string, string[]>): Archives => ({
    store: createArchiveFolder(folder),
    checksums: new Map(Object.entries(checksums)),
  });
  const locked = (archives: Archives, part: string, path: string) => {
    const found = lockedArchive(archives, part, path);
    if (found === undefined) throw new Error('not locked');
    return found;
  };
  /** Passes a text on in two pieces, through what keeps it. */
  async function pass(archives: Archives, part: string, path: string, text: string): Promise<string> {
    let out = '';
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        out += chunk.toString();
        done();
      },
    });
    const pieces = [Buffer.from(text.slice(0, 3)), Buffer.from(text.slice(3))];
    await pipeline(Readable.from(pieces), keepingArchive(archives, locked(archives, part, path)), sink);
    return out;
  }
  const stored = () => readdirSync(folder).filter((name) => !name.startsWith('.'));
  const kept = async (archives: Archives, part: string, path: string): Promise<string | undefined> => {
    const found = await keptArchive(archives, locked(archives, part, path));
    return found && readFileSync(found.file, 'utf8');
  };
  const path = 'a/-/a-1.0.0.tgz';
  const key = sha512('archive').toString('hex');

  test('is believed only as far as the checksum goes', async () => {
    const archives = archivesWith({ [`npm/${path}`]: [key] });
    expect(await kept(archives, 'npm', path)).toBeUndefined();
    expect(await pass(archives, 'npm', path, 'archive')).toBe('archive');
    await expect.poll(stored).toEqual([`${key}.tgz`]);
    expect(await kept(archives, 'npm', path)).toBe('archive');
    expect(await kept(archives, 'npm', 'a%2f-%2fa-1.0.0.tgz')).toBe('archive');
    writeFileSync(join(folder, `${key}.tgz`), 'poison');
    expect(await kept(archives, 'npm', path)).toBeUndefined();
  });

  test('keeps nothing that has another checksum, and leaves nothing of it', async () => {
    const archives = archivesWith({ [`npm/${path}`]: [key] });
    expect(await pass(archives, 'npm', path, 'poison')).toBe('poison');
    await expect.poll(() => readdirSync(folder)).toEqual([]);
  });

  test('of several files of one version, each is found by its name, and has one of the checksums', async () => {
    const archives = archivesWith({ 'pypi/tiny==1.2.3': [sha256('wheel'), sha256('source')] });
    const [wheel, source] = ['packages/x/tiny-1.2.3-py3-none-any.whl', 'packages/y/tiny-1.2.3.tar.gz'] as const;
    await pass(archives, 'pypi-files', wheel, 'wheel');
    await expect.poll(() => stored().length).toBe(1);
    expect(await kept(archives, 'pypi', wheel)).toBe('wheel');
    expect(await kept(archives, 'pypi-files', source)).toBeUndefined();
    await pass(archives, 'pypi-files', source, 'source');
    await expect.poll(() => stored().length).toBe(2);
    expect(await kept(archives, 'pypi-files', source)).toBe('source');
    expect(lockedArchive(archives, 'pypi-files', 'packages/x/tiny-1.2.4.tar.gz')).toBeUndefined();
  });
});
