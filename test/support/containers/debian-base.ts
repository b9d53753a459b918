/** The Debian that the images of the tests are built on: made by debootstrap, with the apt sources, proxy and certificates of this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../../adapters/local/containers/engine.ts';

const release = 'trixie';
const said = (program: string, ...args: string[]): string => {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
};

/** What this machine needs to reach its package archives, from its own configuration. */
function machine() {
  const targets = said('apt-get', 'indextargets', '--format', '$(REPO_URI) $(ORIGIN)', 'Created-By: Packages');
  const mirror = targets.split('\n').find((line) => line.endsWith(' Debian') && !line.includes('security'));
  const proxies = said('apt-config', 'dump', 'Acquire')
    .split('\n')
    .filter((line) => /::Proxy /.test(line));
  const certificates = process.env.NODE_EXTRA_CA_CERTS ?? process.env.SSL_CERT_FILE;
  return {
    mirror: mirror?.split(' ')[0] ?? 'http://deb.debian.org/debian',
    apt: proxies.join('\n'),
    certificates: certificates !== undefined && existsSync(certificates) ? readFileSync(certificates, 'utf8') : '',
    registry: said('npm', 'config', 'get', 'registry'),
  };
}

/** Name of the base, which is made once for a configuration of this machine. */
export function debianBase(engine: Engine, log: (line: string) => void): string {
  const { mirror, apt, certificates, registry } = machine();
  const key = createHash('sha256').update(JSON.stringify([release, mirror, apt, certificates, registry]));
  const name = `localhost/drydock-test-debian:${key.digest('hex').slice(0, 12)}`;
  if (spawnSync(engine.program, ['image', 'inspect', name], { stdio: 'ignore' }).status === 0) return name;
  log(`debootstrap ${release} from ${mirror}`);
  const folder = mkdtempSync(join(tmpdir(), 'drydock-debian-'));
  const root = join(folder, 'root');
  try {
    execFileSync('debootstrap', ['--variant=minbase', release, root, mirror], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const unused of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale', 'usr/share/man'])
      rmSync(join(root, unused), { recursive: true, force: true });
    mkdirSync(join(root, 'usr/local/share/ca-certificates'), { recursive: true });
    if (certificates) writeFileSync(join(root, 'usr/local/share/ca-certificates/machine.crt'), certificates);
    if (apt) writeFileSync(join(root, 'etc/apt/apt.conf.d/90machine'), `${apt}\n`);
    writeFileSync(join(root, 'root/.npmrc'), `registry=${registry}\n`);
    const archive = join(folder, 'root.tar');
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
    execFileSync(engine.program, ['import', archive, name], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return name;
}
