/** Debian's own Maven repository, which its packages of Java libraries fill, as a server. */
import { readFileSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { type Served, serve } from './serve.ts';

const repository = '/usr/share/maven-repo';

export const serveMaven = (): Promise<Served> =>
  serve((path) => {
    const file = join(repository, normalize(path));
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? { body: readFileSync(file) } : undefined;
  });
