import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../../gateway/authority/authority.ts';

const longHost = `${'a'.repeat(63)}.${'b'.repeat(63)}.example.com`;

/** The certificate that a client gets which trusts the authority, and asks for the host. */
async function presented(authority: Awaited<ReturnType<typeof createAuthority>>, host: string): Promise<Buffer> {
  const server = tls.createServer({ SNICallback: (name, done) => done(null, authority.contextOf(name)) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', servername: host, ca: [authority.certificate] });
  try {
    await once(client, 'secureConnect');
    return client.getPeerCertificate().raw;
  } finally {
    client.destroy();
    server.close();
  }
}

test('an authority can only sign hosts, is valid for a phase, and shares neither key nor number with another', async () => {
  const [one, other] = await Promise.all([createAuthority(), createAuthority()]);
  const certificate = new X509Certificate(one.certificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toMatch(/^CN=Drydock authority of one phase [0-9a-f]{8}\nO=Drydock$/);
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now() - 60 * 60_000);
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 14 * 24 * 60 * 60_000);
  const second = new X509Certificate(other.certificate);
  expect(second.serialNumber).not.toBe(certificate.serialNumber);
  expect(second.verify(certificate.publicKey)).toBe(false);
});

test.each(['registry.npmjs.org', longHost])('a host is proven to who trusts the authority: %s', async (host) => {
  const authority = await createAuthority();
  const certificate = new X509Certificate(await presented(authority, host));
  const issuer = new X509Certificate(authority.certificate);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(issuer)).toBe(true);
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  expect(certificate.checkHost(host)).toBe(host);
  expect(certificate.checkHost('elsewhere.example.com')).toBeUndefined();
  expect(authority.contextOf(host)).toBe(authority.contextOf(host));
  // What Python 3.13 asks of certificates, too.
  const folder = mkdtempSync(path.join(tmpdir(), 'authority-'));
  try {
    writeFileSync(path.join(folder, 'ca.pem'), authority.certificate);
    writeFileSync(path.join(folder, 'host.pem'), certificate.toString());
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host];
    const said = execFileSync('openssl', [...args, '-CAfile', 'ca.pem', 'host.pem'], { cwd: folder, encoding: 'utf8' });
    expect(said.trim()).toBe('host.pem: OK');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
