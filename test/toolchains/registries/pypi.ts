/** An index of Python packages: the simple API in HTML and JSON, with wheels and their metadata. */
import { createHash } from 'node:crypto';
import { zip } from './archive.ts';
import { type Served, serve } from './serve.ts';

export interface Wheel {
  name: string;
  version: string;
  /** Python source of the module of the package's name. */
  source: string;
  requires?: readonly string[];
  /** Commands of the package: name → `module:function`. */
  scripts?: Readonly<Record<string, string>>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function pack({ name, version, source, requires = [], scripts = {} }: Wheel): {
  file: string;
  bytes: Buffer;
  sha256: string;
  metadata: string;
} {
  const info = `${name}-${version}.dist-info`;
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map((each) => `Requires-Dist: ${each}`),
    '',
    '',
  ].join('\n');
  const entries = Object.entries(scripts).map(([command, target]) => `${command} = ${target}`);
  const files = {
    [`${name}/__init__.py`]: source,
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    ...(entries.length === 0 ? {} : { [`${info}/entry_points.txt`]: `[console_scripts]\n${entries.join('\n')}\n` }),
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,`).join('\n');
  const bytes = zip({ ...files, [`${info}/RECORD`]: `${record}\n` });
  return { file: `${name}-${version}-py3-none-any.whl`, bytes, sha256: sha256(bytes), metadata };
}

/** @param wheels Wheels, packed or as files with their names. */
export function servePypi(
  wheels: readonly { name: string; file: string; bytes: Uint8Array; metadata?: string }[],
): Promise<Served> {
  return serve((path, accept, base) => {
    const project = /^\/simple\/([\w.-]+)\/$/.exec(path)?.[1];
    if (project !== undefined) {
      const own = wheels.filter(({ name }) => name.replace(/[-_.]+/g, '-').toLowerCase() === project);
      if (own.length === 0) return undefined;
      // Absolute, as on PyPI.
      const url = (file: string): string => `${base}packages/py3/${file}`;
      if (accept.includes('application/vnd.pypi.simple.v1+json')) {
        const files = own.map(({ file, bytes, metadata }) => ({
          filename: file,
          url: url(file),
          hashes: { sha256: sha256(bytes) },
          'core-metadata': metadata === undefined ? false : { sha256: sha256(Buffer.from(metadata)) },
        }));
        const body = JSON.stringify({ meta: { 'api-version': '1.1' }, name: project, files });
        return { type: 'application/vnd.pypi.simple.v1+json', body };
      }
      const links = own.map(({ file, bytes }) => `<a href="${url(file)}#sha256=${sha256(bytes)}">${file}</a><br/>`);
      return { type: 'text/html', body: `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>` };
    }
    // The JSON API, which poetry asks at the host that it has built in.
    const [, name, version] = /^\/pypi\/([\w.-]+)\/([\w.+!-]+)\/json$/.exec(path) ?? [];
    if (name !== undefined && version !== undefined) {
      const own = wheels.filter((wheel) => wheel.name === name && wheel.file.startsWith(`${name}-${version}-`));
      const urls = own.map(({ file, bytes }) => ({
        filename: file,
        packagetype: 'bdist_wheel',
        url: `${base}packages/py3/${file}`,
        digests: { sha256: sha256(bytes) },
      }));
      const info = { name, version, summary: '', requires_dist: [], requires_python: null };
      return own.length === 0 ? undefined : { type: 'application/json', body: JSON.stringify({ info, urls }) };
    }
    const asked = path.replace(/^\/packages\/py3\//, '');
    for (const { file, bytes, metadata } of wheels) {
      if (asked === file) return { body: bytes };
      if (asked === `${file}.metadata` && metadata !== undefined) return { body: metadata };
    }
    return undefined;
  });
}
