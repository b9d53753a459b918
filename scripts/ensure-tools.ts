// node scripts/ensure-tools.ts NAME…: the demo and the tests need bubblewrap, the tests of the pages need Chromium, those
// of terminals tmux, those of package managers and of containers need theirs. As root on Debian or Ubuntu this script installs them and says so;
// elsewhere it prints the command for the user to run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

interface Tool {
  /** Programs that are called to see whether they work; for a package without one, a file that is there. */
  programs: readonly string[];
  /** `--version` if left out. */
  arguments?: readonly string[];
  /** Packages of Debian; default: the tool's own name. */
  packages?: string[];
  error: string;
}

const tools: Record<string, Tool> = {
  bubblewrap: { programs: ['bwrap'], error: 'SandboxUnavailable' },
  chromium: { programs: ['chromium'], error: 'ToolMissing' },
  tmux: { programs: ['tmux'], arguments: ['-V'], error: 'ToolMissing' },
  // Of the tests of package managers and services.
  'default-jdk-headless': { programs: ['java'], error: 'ToolMissing' },
  maven: { programs: ['mvn'], error: 'ToolMissing' },
  'libmaven-resources-plugin-java': {
    programs: ['/usr/share/maven-repo/org/apache/maven/plugins/maven-resources-plugin'],
    arguments: [],
    error: 'ToolMissing',
  },
  'libmaven-compiler-plugin-java': {
    programs: ['/usr/share/maven-repo/org/apache/maven/plugins/maven-compiler-plugin'],
    arguments: [],
    error: 'ToolMissing',
  },
  'libsurefire-java': {
    programs: ['/usr/share/maven-repo/org/apache/maven/plugins/maven-surefire-plugin'],
    arguments: [],
    error: 'ToolMissing',
  },
  junit4: { programs: ['/usr/share/maven-repo/junit/junit/4.x'], arguments: [], error: 'ToolMissing' },
  gradle: { programs: ['gradle'], error: 'ToolMissing' },
  'python3-poetry': { programs: ['poetry'], error: 'ToolMissing' },
  'golang-go': { programs: ['go'], arguments: ['version'], error: 'ToolMissing' },
  cargo: { programs: ['cargo'], error: 'ToolMissing' },
  'python3-venv': { programs: ['/usr/bin/python3'], arguments: ['-c', 'import venv, ensurepip'], error: 'ToolMissing' },
  'postgresql-15': { programs: ['/usr/lib/postgresql/15/bin/postgres'], error: 'ToolMissing' },
  'redis-server': { programs: ['redis-server'], error: 'ToolMissing' },
  // podman alone has no network with a name of its own, and no first process for a container.
  podman: {
    programs: ['podman', 'runc', '/usr/lib/podman/netavark', 'debootstrap'],
    packages: ['podman', 'runc', 'netavark', 'catatonit', 'debootstrap'],
    error: 'EngineMissing',
  },
};

/** rustup's programs look for their toolchains below HOME, which may be another one here. */
const rustup = join(userInfo().homedir, '.rustup');

const works = (program: string, args: readonly string[]): boolean =>
  args.length === 0
    ? existsSync(program)
    : spawnSync(program, args, { stdio: 'ignore', env: { RUSTUP_HOME: rustup, ...process.env } }).status === 0;
const lacks = ({ programs, arguments: args = ['--version'] }: Tool): string | undefined =>
  programs.find((program) => !works(program, args));
const packagesOf = (name: string): string[] => tools[name]?.packages ?? [name];

function apt(...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
}

function install(names: string[]): void {
  const packages = ['install', '--yes', '-qq', '--no-install-recommends', ...names];
  process.stderr.write(`${names.join(' and ')} missing: installing with apt-get install ${names.join(' ')}\n`);
  if (apt(...packages)) return;
  apt('update', '-qq');
  apt(...packages);
}

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(tools, name));
const missing = () => Object.entries(tools).filter(([name, tool]) => named.includes(name) && lacks(tool) !== undefined);

const first = missing().flatMap(([name]) => packagesOf(name));
if (first.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install(first);
for (const [name, tool] of missing()) {
  process.stderr.write(
    `${tool.error}: ${lacks(tool)} is missing or does not run.\nremedy: Install it and start again: sudo apt-get install ${packagesOf(name).join(' ')}\n`,
  );
  process.exitCode = 4;
}
if (named.length === 0 || unknown.length > 0) {
  process.stderr.write(
    `UsageError: name some of ${Object.keys(tools).join(', ')}${unknown.length > 0 ? `, not ${unknown.join(', ')}` : ''}.\n`,
  );
  process.exitCode = 2;
}
