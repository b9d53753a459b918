/** A Go module proxy (https://go.dev/ref/mod#goproxy-protocol). */
import { createHash } from 'node:crypto';
import { type Files, zip } from './archive.ts';
import { type Served, serve } from './serve.ts';

export interface GoModule {
  path: string;
  version: string;
  files: Files;
}

/** `h1:` hash of a list of files (https://go.dev/ref/mod#go-sum-files). */
function h1(files: Files): string {
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const lines = Object.keys(files)
    .sort()
    .map((name) => `${sha(files[name] ?? '')}  ${name}\n`);
  return `h1:${createHash('sha256').update(lines.join('')).digest('base64')}`;
}

/** Lines of go.sum of a module. */
export function goSum({ path, version, files }: GoModule): string {
  const inZip = Object.fromEntries(Object.entries(files).map(([name, text]) => [`${path}@${version}/${name}`, text]));
  return `${path} ${version} ${h1(inZip)}\n${path} ${version}/go.mod ${h1({ 'go.mod': files['go.mod'] ?? '' })}\n`;
}

export function serveGo(modules: readonly GoModule[]): Promise<Served> {
  return serve((path) => {
    for (const { path: module, version, files } of modules) {
      // Capitals are encoded, because some file systems do not tell them apart.
      const at = `/${module.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)}/@v/`;
      if (path === `${at}list`) return { type: 'text/plain', body: `${version}\n` };
      if (path === `${at}${version}.info`)
        return { type: 'application/json', body: JSON.stringify({ Version: version, Time: '2026-01-01T00:00:00Z' }) };
      if (path === `${at}${version}.mod`) return { type: 'text/plain', body: files['go.mod'] ?? '' };
      if (path === `${at}${version}.zip`)
        return {
          type: 'application/zip',
          body: zip(
            Object.fromEntries(Object.entries(files).map(([name, text]) => [`${module}@${version}/${name}`, text])),
          ),
        };
    }
    return undefined;
  });
}
