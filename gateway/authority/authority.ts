/**
 * The certificate authority of one phase: with it the gateway ends the TLS of hosts that have rules. Only this phase's
 * sandbox trusts it. Its key is never written and never leaves this process.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { certificateOf } from './certificate.ts';

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** What a TLS server of this host needs; made once for each host. */
  contextOf(host: string): SecureContext;
}

export async function createAuthority(): Promise<Authority> {
  const generate = () => promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  // The hosts share one key: whoever had it would be this process.
  const [own, hosts] = await Promise.all([generate(), generate()]);
  const name = {
    commonName: `Drydock authority of one phase ${randomBytes(4).toString('hex')}`,
    organization: 'Drydock',
  };
  const signer = { ...own, name };
  const key = hosts.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const contexts = new Map<string, SecureContext>();
  return {
    certificate: certificateOf(own.publicKey, undefined, signer),
    contextOf(host) {
      const known = contexts.get(host);
      if (known !== undefined) return known;
      const cert = certificateOf(hosts.publicKey, host, signer);
      const made = createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
      contexts.set(host, made);
      return made;
    },
  };
}
