// node scripts/ensure-tools.ts NAME…: the demo and the tests need bubblewrap, the tests of the pages need Chromium, those of
// package managers need theirs. As root on Debian or Ubuntu this script installs them and says so; elsewhere it prints the command for the user to run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

interface Tool {
  /** Program that is called to see whether it works; for a package without one, a file that is there. */
  program: string;
  /** `--version` if left out. */
  arguments?: readonly string[];
  error: string;
}

const tools: Record<string, Tool> = {
  bubblewrap: { program: 'bwrap', error: 'SandboxUnavailable' },
  chromium: { program: 'chromium', error: 'ToolMissing' },
  // Of the tests of package managers and services.
  'default-jdk-headless': { program: 'java', error: 'ToolMissing' },
  maven: { program: 'mvn', error: 'ToolMissing' },
  'libmaven-resources-plugin-java': {
    program: '/usr/share/maven-repo/org/apache/maven/plugins/maven-resources-plugin',
    arguments: [],
    error: 'ToolMissing',
  },
  'libmaven-compiler-plugin-java': {
    program: '/usr/share/maven-repo/org/apache/maven/plugins/maven-compiler-plugin',
    arguments: [],
    error: 'ToolMissing',
  },
  'libsurefire-java': {
    program: '/usr/share/maven-repo/org/apache/maven/plugins/maven-surefire-plugin',
    arguments: [],
    error: 'ToolMissing',
  },
  junit4: { program: '/usr/share/maven-repo/junit/junit/4.x', arguments: [], error: 'ToolMissing' },
  'golang-go': { program: 'go', arguments: ['version'], error: 'ToolMissing' },
  cargo: { program: 'cargo', error: 'ToolMissing' },
  'python3-venv': { program: '/usr/bin/python3', arguments: ['-c', 'import venv, ensurepip'], error: 'ToolMissing' },
  'postgresql-15': { program: '/usr/lib/postgresql/15/bin/postgres', error: 'ToolMissing' },
  'redis-server': { program: 'redis-server', error: 'ToolMissing' },
};

const works = ({ program, arguments: args = ['--version'] }: Tool): boolean =>
  args.length === 0 ? existsSync(program) : spawnSync(program, args, { stdio: 'ignore' }).status === 0;

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
const missing = () => Object.entries(tools).filter(([name, tool]) => named.includes(name) && !works(tool));

const first = missing().map(([name]) => name);
if (first.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install(first);
for (const [name, { program, error }] of missing()) {
  process.stderr.write(
    `${error}: ${program} is missing or does not run.\nremedy: Install it and start again: sudo apt-get install ${name}\n`,
  );
  process.exitCode = 4;
}
if (named.length === 0 || unknown.length > 0) {
  process.stderr.write(
    `UsageError: name some of ${Object.keys(tools).join(', ')}${unknown.length > 0 ? `, not ${unknown.join(', ')}` : ''}.\n`,
  );
  process.exitCode = 2;
}
