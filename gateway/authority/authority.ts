/**
 * The certificate authority of one phase: with it the gateway ends the TLS of hosts that have rules. Only this phase's
 * sandbox trusts it. Its key is never written and never leaves this process.
 *
 * Import this module only when it is needed: its libraries take a third of the time in which a gateway starts.
 */
import 'reflect-metadata'; // the library needs it, and does not load it
import { randomBytes, webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** What a TLS server of this host needs; made once for each host. */
  contextOf(host: string): Promise<SecureContext>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** The clock of a sandbox may be behind that of its gateway. */
const earlierMs = 24 * 60 * 60_000;
/** Longer than any phase. */
const laterMs = 15 * 24 * 60 * 60_000;

/** A positive number of 16 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const generateKey = (extractable: boolean): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, extractable, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

export async function createAuthority(): Promise<Authority> {
  // The hosts share one key: whoever had it would be this process.
  const [own, hosts] = await Promise.all([generateKey(false), generateKey(true)]);
  const period = { notBefore: new Date(Date.now() - earlierMs), notAfter: new Date(Date.now() + laterMs) };
  const name = `CN=Drydock authority of one phase ${randomBytes(4).toString('hex')},O=Drydock`;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    ...period,
    keys: own,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(own.publicKey),
    ],
  });
  const [hostKey, hostKeyId, ownKeyId] = await Promise.all([
    privatePem(hosts.privateKey),
    SubjectKeyIdentifierExtension.create(hosts.publicKey),
    AuthorityKeyIdentifierExtension.create(own.publicKey),
  ]);

  async function make(host: string): Promise<SecureContext> {
    const made = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // A common name has at most 64 characters; programs read the alternative name.
      subject: 'O=Drydock',
      issuer: certificate.subjectName,
      ...period,
      publicKey: hosts.publicKey,
      signingKey: own.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
        hostKeyId,
        ownKeyId,
      ],
    });
    return createSecureContext({ cert: made.toString('pem'), key: hostKey, minVersion: 'TLSv1.2' });
  }

  const contexts = new Map<string, Promise<SecureContext>>();
  return {
    certificate: `${certificate.toString('pem')}\n`,
    contextOf(host) {
      const known = contexts.get(host) ?? make(host);
      contexts.set(host, known);
      return known;
    },
  };
}
