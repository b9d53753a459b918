import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { truststore } from './pkcs12.ts';

/** Where distributions keep the authorities that a machine or an image trusts. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, Red Hat, Amazon Linux
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // Alpine
];

const files = (deps: string) => ({
  /** The system's authorities and that of the phase: tunnels to other hosts stay as they are. */
  bundle: join(deps, 'trust/authorities.pem'),
  /** For Node, which adds them to its own. */
  extra: join(deps, 'trust/extra.pem'),
  java: join(deps, 'trust/authorities.p12'),
});

const derOf = (pem: string): Buffer[] =>
  [...pem.matchAll(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g)].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64'),
  );

/** Writes what makes programs trust the authority of the phase beside those of the system. */
export async function writeTrust(deps: string, authority: string): Promise<void> {
  const { bundle, extra, java } = files(deps);
  const system = systemBundles.find((file) => existsSync(file));
  const [trusted, own] = await Promise.all([
    system === undefined ? rootCertificates.join('\n') : readFile(system, 'utf8'),
    // An image may have authorities of its company for Node.
    readFile(process.env.NODE_EXTRA_CA_CERTS ?? '', 'utf8').catch(() => ''),
  ]);
  const all = [trusted, own, authority].map((pem) => `${pem.trim()}\n`).join('');
  await mkdir(dirname(bundle), { recursive: true });
  await Promise.all([
    writeFile(bundle, all),
    writeFile(extra, `${own}\n${authority}`),
    writeFile(java, truststore(derOf(all))),
  ]);
}

/** Variables with which programs find these files. */
export function trustVariables(deps: string): Record<string, string> {
  const { bundle, extra } = files(deps);
  return {
    NODE_EXTRA_CA_CERTS: extra,
    SSL_CERT_FILE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    CARGO_HTTP_CAINFO: bundle,
    GIT_SSL_CAINFO: bundle,
    CURL_CA_BUNDLE: bundle,
    YARN_HTTPS_CA_FILE_PATH: bundle,
    AWS_CA_BUNDLE: bundle,
    DENO_CERT: extra,
  };
}

/** System properties with which a JVM finds them. */
export const javaTrust = (deps: string): Record<string, string> => ({
  'javax.net.ssl.trustStore': files(deps).java,
  'javax.net.ssl.trustStoreType': 'PKCS12',
});
