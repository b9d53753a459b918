// Demo and tests need bubblewrap. Where this may install it (root on Debian or Ubuntu) it does, saying so; elsewhere it
// names the remedy and leaves the decision to whoever runs it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const works = (): boolean => spawnSync('bwrap', ['--version'], { stdio: 'ignore' }).status === 0;

function install(): void {
  const run = (args: string[]): number => {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    return spawnSync('apt-get', args, options).status ?? 1;
  };
  process.stderr.write('bubblewrap is missing: installing it with apt-get install bubblewrap\n');
  if (run(['install', '--yes', '-qq', '--no-install-recommends', 'bubblewrap']) === 0) return;
  run(['update', '-qq']);
  run(['install', '--yes', '-qq', '--no-install-recommends', 'bubblewrap']);
}

if (!works() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install();
if (!works()) {
  process.stderr.write(
    'SandboxUnavailable: bubblewrap is not on the path.\nremedy: Install it and start again: sudo apt-get install bubblewrap\n',
  );
  process.exitCode = 4;
}
