/**
 * Certificates (RFC 5280) of P-256 keys. Import this module only when it is needed: its library takes a part of the time
 * in which a gateway starts.
 */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';

/** Attributes of a name, by the ids of X.520. */
const attributes = { commonName: '2.5.4.3', organization: '2.5.4.10' } as const;
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** The clock of a sandbox may be behind that of its gateway. */
const earlierMs = 24 * 60 * 60_000;
/** Longer than any phase. */
const laterMs = 15 * 24 * 60 * 60_000;

type Subject = Partial<Record<keyof typeof attributes, string>>;

interface Signer {
  name: Subject;
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** A certificate in PEM of a public key, for an authority or for a host. */
export function certificateOf(publicKey: KeyObject, host: string | undefined, signer: Signer): string {
  const algorithm = () => new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const now = Date.now();
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm(),
    issuer: nameOf(signer.name),
    validity: new x509.Validity({ notBefore: new Date(now - earlierMs), notAfter: new Date(now + laterMs) }),
    // A common name has at most 64 characters; programs read the alternative name of a host.
    subject: nameOf(host === undefined ? signer.name : { organization: 'Drydock' }),
    subjectPublicKeyInfo: infoOf(publicKey),
    extensions: new x509.Extensions([
      ...(host === undefined ? ofAuthority() : ofHost(host, signer.publicKey)),
      extension(x509.id_ce_subjectKeyIdentifier, false, new x509.SubjectKeyIdentifier(identifier(publicKey))),
    ]),
  });
  const signed = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), signer.privateKey);
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm(),
    signatureValue: exactly(signed),
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

function ofAuthority(): x509.Extension[] {
  const usage = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  return [
    extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: true, pathLenConstraint: 0 })),
    extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(usage)),
  ];
}

function ofHost(host: string, signer: KeyObject): x509.Extension[] {
  const keyIdentifier = new x509.KeyIdentifier(identifier(signer));
  return [
    extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
    extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
    extension(x509.id_ce_extKeyUsage, false, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
    extension(
      x509.id_ce_subjectAltName,
      false,
      new x509.SubjectAlternativeName([new x509.GeneralName({ dNSName: host })]),
    ),
    extension(x509.id_ce_authorityKeyIdentifier, false, new x509.AuthorityKeyIdentifier({ keyIdentifier })),
  ];
}

const extension = (extnID: string, critical: boolean, value: object): x509.Extension =>
  new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const nameOf = (subject: Subject): x509.Name =>
  new x509.Name(
    Object.entries(subject).map(
      ([name, utf8String]) =>
        new x509.RelativeDistinguishedName([
          new x509.AttributeTypeAndValue({
            type: attributes[name as keyof typeof attributes],
            value: new x509.AttributeValue({ utf8String }),
          }),
        ]),
    ),
  );

const infoOf = (key: KeyObject): x509.SubjectPublicKeyInfo =>
  AsnConvert.parse(key.export({ type: 'spki', format: 'der' }), x509.SubjectPublicKeyInfo);

/** RFC 5280, 4.2.1.2: the hash of the key itself. */
const identifier = (key: KeyObject): ArrayBuffer =>
  exactly(
    createHash('sha1')
      .update(Buffer.from(infoOf(key).subjectPublicKey))
      .digest(),
  );

/** A positive number of 16 bytes. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return exactly(bytes);
}

/** The buffer of small bytes is shared with others. */
const exactly = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
