import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The packed package, installed into an app in an empty folder, with a HOME of its own. */
export interface Installed {
  folder: string;
  /** Folder of the app that depends on the package. */
  app: string;
  /** Folder of the installed package. */
  package: string;
  run(command: string, args: string[], cwd: string): string;
  /** Runs the installed command line with `--json` output. */
  drydock(cwd: string, ...args: string[]): { code: number | null; json: Record<string, unknown> };
  /** Type-checks a folder with the project's compiler. Throws with the compiler's output. */
  typecheck(cwd: string): void;
  /** Makes a git repository with one commit on `branch`. */
  commit(repository: string, branch: string): void;
  /** Copies an example into the app, so that it finds the package. */
  example(name: string): string;
  remove(): void;
}

export function install(): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-package-'));
  const [app, home] = [join(folder, 'app'), join(folder, 'home')];
  // Without what the checkout itself has installed, an agent among it.
  const elsewhere = (process.env.PATH ?? '').split(':').filter((at) => !at.startsWith(root));
  const env = {
    ...process.env,
    PATH: [dirname(process.execPath), ...elsewhere].join(':'),
    HOME: home,
    npm_config_update_notifier: 'false',
  };
  const run: Installed['run'] = (command, args, cwd) => {
    const done = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
    if (done.status === 0) return done.stdout;
    throw new Error(`${command} ${args.join(' ')} ended with ${done.status}: ${done.stdout}${done.stderr}`);
  };
  for (const path of [app, home]) mkdirSync(path);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, env, stdio: 'pipe' });
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(app, 'package.json'), '{"name":"app","private":true}\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball)], app);
  // Peers and types are as large as everything else together: linked, not fetched.
  for (const name of ['aws-cdk-lib', 'constructs', '@types/node']) {
    const link = join(app, 'node_modules', name);
    rmSync(link, { recursive: true, force: true });
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  return {
    folder,
    app,
    package: join(app, 'node_modules/drydock'),
    run,
    drydock(cwd, ...args) {
      const done = spawnSync(join(app, 'node_modules/.bin/drydock'), args, {
        cwd,
        env,
        encoding: 'utf8',
        timeout: 60_000,
      });
      return { code: done.status, json: JSON.parse(done.stdout) as Record<string, unknown> };
    },
    typecheck: (cwd) => void run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', cwd], cwd),
    commit(repository, branch) {
      run('git', ['init', '--quiet', '-b', branch], repository);
      run('git', ['add', '--all'], repository);
      run(
        'git',
        ['-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'first'],
        repository,
      );
    },
    example(name) {
      const target = join(app, name);
      cpSync(join(app, 'node_modules/drydock/examples', name), target, { recursive: true });
      return target;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
