// npm run images:check [-- IMAGE…] [-- --folder FOLDER]: executes the Dockerfiles on folders, without Docker, then runs a
// phase with the programs in them. It needs root on Debian, debootstrap, bubblewrap, a network and several minutes. The
// images are built for this machine's architecture, on the Debian that debootstrap installs.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ToolchainName, toolchains } from '../../core/task-spec/toolchains.ts';
import { dockerfileOf, type ImageName, imageNames, writeContexts } from './contexts.ts';
import { runPhaseIn } from './phase.ts';
import { type Built, buildImage, remember } from './run.ts';

const release = 'trixie';
const { values, positionals } = parseArgs({ allowPositionals: true, options: { folder: { type: 'string' } } });
const folder = resolve(values.folder ?? join(tmpdir(), 'drydock-images'));
const wanted = positionals.length === 0 ? ['gateway', 'node'] : positionals;
const unknown = wanted.find((name) => !(imageNames as readonly string[]).includes(name));
assert.equal(unknown, undefined, `no image ${unknown}; there are ${imageNames.join(', ')}`);

/** Commands that show that an image has its toolchain. */
const probes: Partial<Record<string, string>> = {
  python: 'python --version && python -m venv /tmp/venv && /tmp/venv/bin/pip --version',
  java: 'java --version && mvn --version',
  go: 'go version',
  rust: 'cargo --version && echo "fn main() {}" > /tmp/a.rs && rustc -o /tmp/a /tmp/a.rs && /tmp/a',
};

const log = (line: string): void => console.log(`${(performance.now() / 1_000).toFixed(0).padStart(5)} s  ${line}`);
const megabytes = (path: string): number =>
  Number(execFileSync('du', ['-sm', path], { encoding: 'utf8' }).split('\t')[0]);

mkdirSync(folder, { recursive: true });
const base: Built = { root: join(folder, 'base'), env: {}, workdir: '/', user: '', volumes: [], entrypoint: [] };
if (!existsSync(join(base.root, 'etc/debian_version'))) {
  log(`debootstrap ${release}`);
  const { status } = spawnSync('debootstrap', ['--variant=minbase', release, base.root], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  assert.equal(status, 0, 'debootstrap failed; see its log in the folder');
}
await writeContexts(join(folder, 'contexts'));

const zeros = `sha256:${'0'.repeat(64)}`;
const args = { DEBIAN: zeros, REPOSITORY: 'drydock', NODE: zeros, IMAGE: 'yours', DIGEST: zeros };
const environment = {
  npm_config_registry: execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim(),
};
const built = (name: string): Built => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Built;

for (const name of wanted as ImageName[]) {
  const image = buildImage(dockerfileOf(name), {
    context: join(folder, 'contexts', name),
    args,
    base: (image) => {
      if (image.startsWith('debian@')) return base;
      return image.startsWith('yours@') ? yours() : built('node');
    },
    target: join(folder, name),
    kept: join(folder, 'kept'),
    environment,
    certificates: process.env.NODE_EXTRA_CA_CERTS,
    log: (line) => log(`${name}: ${line}`),
  });
  remember(image);
  inspect(name, image);
  log(`${name}: ${megabytes(image.root)} MB, ${megabytes(base.root)} of them Debian's base`);
}
if (['gateway', 'node'].every((name) => existsSync(join(folder, `${name}.json`)))) {
  for (const name of wanted.filter((each) => each !== 'gateway')) {
    const runtime = name in toolchains ? toolchains[name as ToolchainName].runtime : 'node:24';
    const testCommand = `${probes[name] ?? 'true'} && npm test`;
    const end = await runPhaseIn(built('gateway'), built(name), { runtime, testCommand });
    log(`${name}: a phase was ${end.result?.outcome}; ${JSON.stringify(end.result?.versions)}`);
  }
}

/** A team's own image, with git and without Drydock's files: the base of the gateway's image. */
function yours(): Built {
  const root = join(folder, 'yours');
  execFileSync('rm', ['-rf', root]);
  execFileSync('cp', ['-a', built('gateway').root, root]);
  execFileSync('rm', ['-r', join(root, 'opt/drydock')]);
  return { ...base, root };
}

/** Checks in the files what the Dockerfile promises. */
function inspect(name: string, image: Built): void {
  const find = ['-xdev', '-type', 'f', '-perm', '/6000'];
  assert.equal(execFileSync('find', [image.root, ...find], { encoding: 'utf8' }), '', `${name}: setuid programs`);
  assert.equal(image.user, '1000:1000');
  for (const volume of image.volumes) {
    const { uid, gid } = statSync(join(image.root, volume));
    assert.deepEqual([uid, gid], [1000, 1000], `${name}: ${volume}`);
  }
  const [program = ''] = image.entrypoint;
  assert.equal(statSync(join(image.root, program)).mode & 0o777, name === 'gateway' ? 0o755 : 0o111);
}
