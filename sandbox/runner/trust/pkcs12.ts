/**
 * A truststore for Java: PKCS #12 (RFC 7292) with certificates only, neither encrypted nor with a password, as Java reads
 * it since version 8u301. Node has no writer, and the format is a few nested values of ASN.1.
 */

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : longLength(length);
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function longLength(length: number): number[] {
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return [0x80 | bytes.length, ...bytes];
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: Uint8Array[]): Buffer => der(0x31, ...parts);
const octets = (...parts: Uint8Array[]): Buffer => der(0x04, ...parts);
const explicit = (...parts: Uint8Array[]): Buffer => der(0xa0, ...parts);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const data = objectId('2a864886f70d010701'); // pkcs7-data
const certBag = objectId('2a864886f70d010c0a0103');
const x509Certificate = objectId('2a864886f70d01091601');
const friendlyName = objectId('2a864886f70d010914');
/** Oracle's attribute of a certificate that is trusted; without it, Java takes the store as empty. */
const trustedKeyUsage = objectId('6086480186f966adca7b0101');
const anyUsage = objectId('551d2500');

/** BMPString: two bytes for each character. */
const utf16 = (text: string): Buffer => der(0x1e, Buffer.from(text, 'utf16le').swap16());

/** @param certificates In DER. */
export function truststore(certificates: readonly Uint8Array[]): Buffer {
  const bags = certificates.map((certificate, n) =>
    sequence(
      certBag,
      explicit(sequence(x509Certificate, explicit(octets(certificate)))),
      set(sequence(friendlyName, set(utf16(String(n)))), sequence(trustedKeyUsage, set(anyUsage))),
    ),
  );
  const contents = sequence(sequence(data, explicit(octets(sequence(...bags)))));
  return sequence(der(0x02, Buffer.from([3])), sequence(data, explicit(octets(contents))));
}
