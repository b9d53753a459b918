import { z } from 'zod';
import { type Locked, sourceOf } from './locked.ts';

const entry = z.object({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  resolved: z.string().optional().catch(undefined),
  integrity: z.string().optional().catch(undefined),
  license: z.string().optional().catch(undefined),
  dependencies: z.unknown().optional(),
});
const lock = z.object({
  packages: z.record(z.string(), entry).optional().catch(undefined),
  dependencies: z.record(z.string(), entry).optional().catch(undefined),
});

/** package-lock.json of all versions. */
export function lockOfJson(text: string): Locked[] | undefined {
  let value: z.infer<typeof lock> | undefined;
  try {
    value = lock.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
  if (!value?.packages && !value?.dependencies) return undefined;
  const found: Locked[] = [];
  const add = (name: string, { version, resolved, integrity, license }: z.infer<typeof entry>): void => {
    if (version === undefined) return;
    const more = license === undefined ? {} : { license };
    found.push({
      ecosystem: 'npm',
      name,
      version,
      file: '',
      source: sourceOf(resolved),
      checksum: integrity ?? '',
      ...more,
    });
  };
  const folder = 'node_modules/';
  for (const [location, each] of Object.entries(value.packages ?? {}))
    if (location.includes(folder)) add(each.name ?? location.slice(location.lastIndexOf(folder) + folder.length), each);
  if (!value.packages) for (const [name, each] of Object.entries(value.dependencies ?? {})) add(name, each);
  return found;
}

/** yarn.lock of versions 1 to 4: blocks that begin at the margin. Undefined if one has no version, as in another form of YAML. */
export function lockOfYarn(text: string): Locked[] | undefined {
  const found: Locked[] = [];
  let open: Locked | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (!/^\s/.test(line)) {
      const name = /^"?(@?[^@",:\s]{1,300})@/.exec(line)?.[1];
      open =
        name === undefined ? undefined : { ecosystem: 'npm', name, version: '', file: '', source: '', checksum: '' };
      if (open) found.push(open);
      continue;
    }
    const [, key = '', value = ''] = /^ {2}"?(\w{1,40})"?:? {1,4}"?([^"\s]{1,2000})/.exec(line) ?? [];
    if (!open) continue;
    if (key === 'version') open.version = value;
    if (key === 'integrity' || key === 'checksum') open.checksum = value;
    if (key === 'resolved' || key === 'resolution') {
      open.source = key === 'resolved' ? sourceOf(value) : archiveOf(value);
      if (key === 'resolved' && open.checksum === '') open.checksum = value.split('#')[1] ?? '';
    }
  }
  return found.some(({ version }) => version === '') ? undefined : found;
}

/** `a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fhost%2F…` names an address; `npm:` alone the default registry. */
function archiveOf(resolution: string): string {
  const url = /__archiveUrl=([^&\s]{1,1000})/.exec(resolution)?.[1];
  if (url !== undefined) return sourceOf(url.replaceAll('%3A', ':').replaceAll('%2F', '/'));
  const protocol = /@([a-z+]{1,20}):/.exec(resolution.slice(1))?.[1] ?? '';
  return protocol === 'npm' || protocol === '' ? '' : `${protocol}:${resolution.split(`${protocol}:`)[1] ?? ''}`;
}

/** pnpm-lock.yaml of versions 5 to 9. Undefined if its packages are in another form of YAML than that in which pnpm writes. */
export function lockOfPnpm(text: string): Locked[] | undefined {
  const found: Locked[] = [];
  let open: Locked | undefined;
  let inside = false;
  for (const line of text.split('\n')) {
    if (/^["'?{]/.test(line) || /^packages:\s*[^\s{]|^packages:\s*\{\s*[^\s}]/.test(line)) return undefined;
    if (/^\S/.test(line)) {
      inside = line.startsWith('packages:');
      open = undefined;
      continue;
    }
    if (!inside || line.trim() === '') continue;
    const [, key] = /^ {2}['"]?\/?(@?[^\s'"(]{1,400})['"(]?.{0,400}:$/.exec(line) ?? [];
    if (key !== undefined) {
      const at = Math.max(
        key.replace(/:$/, '').lastIndexOf('@'),
        key.startsWith('@') || !key.includes('@') ? key.lastIndexOf('/') : -1,
      );
      const name = key.slice(0, at);
      open =
        at <= 0
          ? undefined
          : {
              ecosystem: 'npm',
              name,
              version: key.slice(at + 1).replace(/:$/, ''),
              file: '',
              source: '',
              checksum: '',
            };
      if (open) found.push(open);
    } else if (open === undefined || !line.startsWith('    ')) return undefined;
    else if (/^ {4}resolution:/.test(line)) {
      open.checksum = /integrity: ?([^\s,}]{1,300})/.exec(line)?.[1] ?? '';
      const tarball = /tarball: ?['"]?([^\s,}'"]{1,1000})/.exec(line)?.[1];
      open.source = sourceOf(tarball ?? /repo: ?([^\s,}]{1,1000})/.exec(line)?.[1]);
    } else if (/^ {6}(?:integrity|tarball):/.test(line)) {
      const value = line.slice(line.indexOf(':') + 1).trim();
      if (line.includes('integrity')) open.checksum = value;
      else open.source = sourceOf(value);
    }
  }
  return found;
}
