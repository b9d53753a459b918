import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import semver from 'semver';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import type { NpmProgram } from '../../../core/installation/installation.ts';
import { ownEnvironment } from '../commands/environment.ts';
import { shellScript } from '../commands/inner.ts';
import { inside, type Phase, step } from '../phase.ts';

/** Versions and archives alone; a whole document is ten times as long. */
const abbreviated = 'application/vnd.npm.install-v1+json';

const packument = z.object({
  versions: z.record(
    z.string(),
    z.object({ dist: z.object({ tarball: z.string(), integrity: z.string().optional() }) }),
  ),
});

/**
 * Unpacks the archive from standard input into $1, and writes the commands NAME FILE … of $4 and later to $2; each begins
 * with $3.
 */
const unpack = `set -e
folder=$1 bin=$2 begin=$3
shift 3
mkdir -p "$folder" "$bin"
tar -xzf - --strip-components=1 --no-same-owner -C "$folder"
while [ $# -gt 0 ]; do
  rm -f "$bin/$1"
  case $2 in
    *.js|*.cjs|*.mjs) printf '#!/bin/sh\\n%s\\nexec node "%s" "$@"\\n' "$begin" "$folder/$2" > "$bin/$1" ;;
    *) chmod +x "$folder/$2"; printf '#!/bin/sh\\n%s\\nexec "%s" "$@"\\n' "$begin" "$folder/$2" > "$bin/$1" ;;
  esac
  chmod +x "$bin/$1"
  shift 2
done`;

/**
 * Fetches the program of a package manager from npm's registry, and puts its commands into PATH.
 * @returns its exact version.
 * @throws InstallFailed if there is no such version, or the archive has not the digest that the repository names.
 */
export async function fetchProgram(phase: Phase, program: NpmProgram): Promise<string> {
  return step(phase, `fetch ${program.package}`, async () => {
    const name = program.package === 'bun' ? bunPackage() : program.package;
    const { version, integrity } = await versionOf(phase, name, program);
    const path = `/registry/npm/${name}/-/${basename(name)}-${version}.tgz`;
    const archive = await phase.gateway.get(path).catch((error: Error) => {
      throw new DrydockError('InstallFailed', `${name} ${version} cannot be fetched: ${error.message}`);
    });
    const expected = [
      ...(integrity === undefined ? [] : [integrity]),
      ...(program.hash?.of === 'archive' ? [program.hash] : []),
    ];
    for (const { algorithm, hex } of expected) {
      if (createHash(algorithm).update(archive).digest('hex') !== hex)
        throw new DrydockError(
          'InstallFailed',
          `the archive of ${name} ${version} has another ${algorithm} than expected`,
        );
    }
    const { deps } = phase.boot.paths;
    const folder = join(deps, 'programs', `${name.replace('/', '+')}-${version}`);
    const bin = name === program.package ? program.bin : { bun: 'bin/bun', bunx: 'bin/bun' };
    const begin = Object.entries(program.env ?? {}).map(([key, value]) => `export ${key}="${value}"`);
    const commands = Object.entries(bin).flat();
    const ran = await inside(phase, `fetch ${program.package}`, {
      argv: [shellScript, '-c', unpack, 'unpack', folder, join(deps, 'bin'), begin.join('\n'), ...commands],
      env: ownEnvironment(phase),
      stdin: archive,
    });
    if (ran.exitCode !== 0)
      throw new DrydockError('InstallFailed', `the archive of ${name} ${version} cannot be unpacked: ${ran.output}`);
    if (program.hash?.of === 'program') await checkProgram(phase, folder, program);
    return version;
  });
}

/** The highest version in the range of the program, with the digest of its archive. */
async function versionOf(phase: Phase, name: string, { version: range }: NpmProgram): Promise<Found> {
  const bytes = await phase.gateway
    .get(`/registry/npm/${name.replace('/', '%2f')}`, { accept: abbreviated })
    .catch((error: Error) => {
      throw new DrydockError('InstallFailed', `the versions of ${name} cannot be read: ${error.message}`);
    });
  const parsed = packument.safeParse(JSON.parse(bytes.toString('utf8')));
  const versions = parsed.success ? parsed.data.versions : {};
  const version = semver.maxSatisfying(Object.keys(versions), range);
  if (version === null) {
    throw new DrydockError('InstallFailed', `the registry has no version of ${name} in ${range}`, {
      remedy: 'Name a version that exists in "packageManager" of package.json.',
    });
  }
  const sri = /(?:^| )sha512-([A-Za-z0-9+/]{86}==)/.exec(versions[version]?.dist.integrity ?? '')?.[1];
  return {
    version,
    integrity: sri === undefined ? undefined : { algorithm: 'sha512', hex: Buffer.from(sri, 'base64').toString('hex') },
  };
}

interface Found {
  version: string;
  integrity: { algorithm: string; hex: string } | undefined;
}

/** Compares the digest of the program itself, which is how yarn 2 and later are pinned. */
async function checkProgram(phase: Phase, folder: string, { hash, bin }: NpmProgram): Promise<void> {
  const [file] = Object.values(bin);
  if (hash === undefined || file === undefined) return;
  const ran = await inside(phase, 'fetch program', {
    argv: [`${hash.algorithm}sum`, '--check', '--status'],
    env: ownEnvironment(phase),
    stdin: Buffer.from(`${hash.hex}  ${join(folder, file)}\n`),
  });
  if (ran.exitCode !== 0)
    throw new DrydockError('InstallFailed', `${file} has another ${hash.algorithm} than "packageManager" names`, {
      remedy: 'Correct the digest in "packageManager" of package.json, or remove it.',
    });
}

/** The package with bun's program for this processor; the usual one needs AVX2. */
function bunPackage(): string {
  if (process.arch === 'arm64') return '@oven/bun-linux-aarch64';
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  return /^flags\s*:.*\bavx2\b/m.test(flags) ? '@oven/bun-linux-x64' : '@oven/bun-linux-x64-baseline';
}
