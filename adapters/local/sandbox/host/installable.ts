import { DrydockError } from '../../../../core/errors.ts';
import type { Installation, RepositoryFiles } from '../../../../core/installation/installation.ts';
import { isVersion, type ToolchainName, toolchainOf, versionAsked } from '../../../../core/task-spec/toolchains.ts';
import { which } from './programs-in-path.ts';
import { registryUrls } from './registry.ts';
import { hostToolchain } from './toolchains.ts';

/** Time for a registry to answer anything. */
const answerMs = 4_000;

const registryOf = { node: 'npm', python: 'pypi', java: 'maven', go: 'go', rust: 'crates' } as const;

interface Missing {
  message: string;
  /** A difference that a run records, and that does not end it. */
  severity: 'error' | 'warning';
}

/**
 * What this machine lacks for an installation: toolchains, and registries that do not answer.
 * @param kinds Registries that the policy allows.
 */
export async function missingHere(
  runtime: string,
  installations: readonly Installation[],
  files: RepositoryFiles,
  kinds: readonly string[],
): Promise<Missing[]> {
  const own = toolchainOf(runtime);
  const names = new Set([...(own === undefined ? [] : [own]), ...installations.map(({ toolchain }) => toolchain)]);
  const asked = [
    ...new Set(installations.filter((each) => fetches(each, files)).map(({ toolchain }) => registryOf[toolchain])),
  ];
  const found = await Promise.all([
    ...[...names].map((name) => toolchainMissing(name, name === own ? versionAsked(runtime, name) : undefined)),
    ...installations.map(builderMissing),
    ...installations.map((each) => cargoTooOld(each, files, own === 'rust' ? versionAsked(runtime, own) : undefined)),
    ...asked.map((kind) => registryMissing(kind, kinds)),
  ]);
  return found.flat();
}

/** Whether an installation asks a registry for anything. */
function fetches({ manager, from }: Installation, files: RepositoryFiles): boolean {
  const beside = (name: string): string =>
    `${from.includes('/') ? `${from.slice(0, from.lastIndexOf('/'))}/` : ''}${name}`;
  if (manager === 'go') return files.has(beside('go.sum')) || files.has(beside('go.work.sum'));
  if (manager === 'cargo') return /^source = "registry/m.test(files.read(beside('Cargo.lock')) ?? 'source = "registry');
  if (manager === 'npm') return /"resolved": ?"http/.test(files.read(from) ?? '');
  return true;
}

async function toolchainMissing(name: ToolchainName, asked: string | undefined): Promise<Missing[]> {
  if (name === 'node') return [];
  try {
    const { version } = await hostToolchain(name, asked);
    if (asked === undefined || isVersion(version, asked)) return [];
    return [{ severity: 'warning', message: `This machine has ${name} ${version}, and the spec asks for ${asked}.` }];
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    return [{ severity: 'error', message: `${capital(error.message)}. ${error.remedy}` }];
  }
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Maven and Gradle come apart from Java. */
async function builderMissing({ manager, commands }: Installation): Promise<Missing[]> {
  const program = { maven: 'mvn', gradle: 'gradle' }[manager as 'maven'];
  if (program === undefined || !commands.some((command) => command.startsWith(`${program} `))) return [];
  if ((await which(program)) !== undefined) return [];
  return [{ severity: 'error', message: `This machine has no ${program}. Install it, or commit its wrapper.` }];
}

/** Versions of Rust whose Cargo reads the index of the registry, and lock files of format 4. */
const cargoReads = { index: [1, 68], format4: [1, 78] } as const;

/** Whether this machine's Cargo can read what it has to fetch from; that it is missing is named elsewhere. */
async function cargoTooOld(
  installation: Installation,
  files: RepositoryFiles,
  asked: string | undefined,
): Promise<Missing[]> {
  if (installation.manager !== 'cargo' || !fetches(installation, files)) return [];
  const version = await hostToolchain('rust', asked).then(
    (found) => found.version,
    () => undefined,
  );
  if (version === undefined) return [];
  const format4 = /^version = 4$/m.test(files.read(installation.from)?.slice(0, 1_000) ?? '');
  const [what, needed] = format4
    ? (['lock files of format 4', cargoReads.format4] as const)
    : (['the index of its registry', cargoReads.index] as const);
  if (!isOlder(version, needed)) return [];
  return [
    {
      severity: 'error',
      message: `The Rust of this machine is ${version}, whose cargo cannot read ${what}: ${needed.join('.')} or newer can. Install a newer Rust.`,
    },
  ];
}

const isOlder = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a < major || (a === major && b < minor);
};

async function registryMissing(kind: string, kinds: readonly string[]): Promise<Missing[]> {
  if (!kinds.includes(kind)) {
    return [
      {
        severity: 'error',
        message: `The policy does not allow the registry ${kind}: egress: {registries: [${kind}]}.`,
      },
    ];
  }
  const url = (await registryUrls())[kind];
  if (url === undefined) return [];
  const failure = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(answerMs) }).then(
    () => undefined,
    ({ cause, message }: Error) => (cause instanceof Error ? cause.message : message),
  );
  if (failure === undefined) return [];
  return [
    {
      severity: 'error',
      message: `The registry ${kind}, ${url}, cannot be reached from this machine (${failure}), so its packages cannot be installed. Check the network, or name a mirror under egress.private in the policy.`,
    },
  ];
}
