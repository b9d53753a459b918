import { type Locked, sourceOf } from './locked.ts';

const stringAt = (line: string, key: string): string | undefined =>
  line.startsWith(`${key} = `) ? /^[\w-]{1,40} = "([^"]{0,1000})"/.exec(line)?.[1] : undefined;

/**
 * The tables `[[package]]` of poetry.lock, pdm.lock, uv.lock and Cargo.lock. Undefined if one is in another form of TOML than that in which the
 * managers write.
 */
export function lockOfTables(text: string, ecosystem: string): Locked[] | undefined {
  const found: Locked[] = [];
  let open: Locked[] = [];
  let head: Locked | undefined;
  let isOther = false;
  const close = (): void => {
    // Without files, the package itself has the checksum.
    if (head) isOther ||= head.name === '';
    // A package of uv that is the project itself has no version.
    if (head && head.version !== '')
      found.push(
        ...(open.length > 0 ? open : [head]).map((each) => ({
          ...each,
          version: head?.version ?? '',
          source: head?.source ?? '',
        })),
      );
    open = [];
    head = undefined;
  };
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    isOther ||=
      /^\[\[\s*["']?package["']?\s*\]\]|^["']?package["']?\s*=\s*\[|^["'](?:name|version|source|checksum)["']|^(?:name|version|source|checksum)(?! = [["{\d])\s*=/.test(
        line,
      ) && line !== '[[package]]';
    if (line === '[[package]]') {
      close();
      head = { ecosystem, name: '', version: '', file: '', source: '', checksum: '' };
    }
    if (!head || line === '' || line.startsWith('#')) continue;
    head.name = stringAt(line, 'name') ?? head.name;
    if (head.version === '') head.version = stringAt(line, 'version') ?? '';
    head.checksum = stringAt(line, 'checksum') ?? head.checksum;
    if (/^source = ["{]/.test(line)) head.source = addressIn(line);
    if (line.startsWith('url = ') || line.startsWith('reference = ')) head.source = addressIn(line) || head.source;
    const hash = /(?:hash|sha256) = "([\w:-]{10,200})"/.exec(line)?.[1];
    if (hash === undefined) continue;
    const file =
      /(?:file|filename) = "([^"]{1,400})"/.exec(line)?.[1] ??
      (/url = "([^"]{1,1000})"/.exec(line)?.[1] ?? '').split('/').at(-1) ??
      '';
    open.push({ ...head, file, checksum: hash });
  }
  close();
  return isOther ? undefined : found;
}

/** The host of an address; for git, its repository. */
function addressIn(line: string): string {
  const address = /"(?:registry\+|sparse\+|git\+)?(https?:\/\/[^"]{1,1000}|[^"]{1,300})"/.exec(line)?.[1];
  return line.includes('git') && !line.includes('registry') ? (address ?? '') : sourceOf(address);
}

/** `module version h1:sum`, and the same for the go.mod of the module. */
export function lockOfGo(text: string): Locked[] {
  return text.split('\n').flatMap((line): Locked[] => {
    const [name, version, checksum] = line.trim().split(/\s+/);
    if (name === undefined || version === undefined || checksum === undefined) return [];
    const mod = version.endsWith('/go.mod');
    return [
      {
        ecosystem: 'Go',
        name,
        version: mod ? version.slice(0, -'/go.mod'.length) : version,
        file: mod ? 'go.mod' : '',
        source: '',
        checksum,
      },
    ];
  });
}

/** `name==version --hash=sha256:…`, over several lines. */
export function lockOfRequirements(text: string): Locked[] {
  const found: Locked[] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    const [, name, version] =
      /^([\w.-]{1,200})(?:\[[^\]]{0,200}\])?\s{0,5}==\s{0,5}([\w.!+-]{1,100})/.exec(line.trim()) ?? [];
    if (name === undefined || version === undefined) continue;
    const base = { ecosystem: 'PyPI', name: name.toLowerCase(), version, file: '', source: '' };
    const sums = [...line.matchAll(/--hash[= ]([\w:]{10,200})/g)].map(([, sum]) => sum ?? '');
    found.push(...(sums.length === 0 ? [''] : sums).map((checksum) => ({ ...base, checksum })));
  }
  return found;
}

/** gradle/verification-metadata.xml: components, their artifacts and checksums. */
export function lockOfGradle(text: string): Locked[] {
  const found: Locked[] = [];
  let [component, file] = [{ name: '', version: '' }, ''];
  for (const line of text.replaceAll('>', '>\n').split('\n')) {
    const attribute = (name: string): string =>
      /"([^"]{0,400})"/.exec(line.slice(Math.max(0, line.indexOf(` ${name}="`))))?.[1] ?? '';
    if (line.includes('<component '))
      component = { name: `${attribute('group')}:${attribute('name')}`, version: attribute('version') };
    else if (line.includes('<artifact ')) file = attribute('name');
    else {
      const kind = /<(sha256|sha512|sha1|md5|pgp) /.exec(line)?.[1];
      if (kind !== undefined)
        found.push({
          ecosystem: 'Maven',
          ...component,
          file: `${file} ${kind}`,
          source: '',
          checksum: attribute('value'),
        });
    }
  }
  return found;
}
