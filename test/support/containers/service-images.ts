/** Postgres and Redis as their official images are: built on the Debian of the tests, for a user that is not root. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const install = (name: string): string =>
  `RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${name} && rm -rf /var/lib/apt/lists`;

/** What an image is built from; each has an entry point, a volume, and folders for its socket. */
const sources = {
  // The user of the image; a socket in /run/postgresql, which the policy has to name.
  postgres: `${install('postgresql')}
RUN mkdir -p /var/lib/postgresql/data /run/postgresql && chown postgres:postgres /var/lib/postgresql/data
ENV PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
RUN printf '%s\\n' '#!/bin/sh' 'set -e' 'PATH=$(echo /usr/lib/postgresql/*/bin):$PATH' \\
  'echo "starting with $POSTGRES_NOTE"' 'initdb --username postgres --auth trust --no-sync > /dev/null' \\
  'exec postgres -c listen_addresses=127.0.0.1 -c unix_socket_directories=/run/postgresql -c fsync=off "$@"' > /start && chmod 755 /start
USER postgres
ENTRYPOINT ["/start"]`,
  // Root, as the official one begins, so that the policy has to name a user.
  redis: `${install('redis-server')}
RUN mkdir /data && chown 999:999 /data
VOLUME /data
WORKDIR /data
ENTRYPOINT ["redis-server", "--save", "", "--dir", "/data"]`,
} as const;

export type ServiceImageName = keyof typeof sources;

const podman = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8', stdio: 'pipe' }).trim();

/** Builds an image once, and returns it pinned: `NAME@sha256:…`. @param debian Name of the base. */
export function serviceImage(image: ServiceImageName, debian: string): string {
  const dockerfile = `FROM ${debian}\n${sources[image]}\n`;
  const name = `localhost/drydock-test-${image}`;
  const tagged = `${name}:${createHash('sha256').update(dockerfile).digest('hex').slice(0, 12)}`;
  const digest = (): string => podman('image', 'inspect', '--format', '{{.Digest}}', tagged);
  try {
    return `${name}@${digest()}`;
  } catch {
    // not there yet
  }
  const folder = mkdtempSync(join(tmpdir(), 'drydock-service-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    podman('build', '--tag', tagged, '--pull=false', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return `${name}@${digest()}`;
}
