/**
 * Reads the server name from a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), which may be incomplete: `more` requests
 * more bytes; `none` means that it is not a ClientHello or that it has no server name.
 */
type ServerName = { kind: 'more' } | { kind: 'none'; reason?: string } | { kind: 'name'; name: string };

const none: ServerName = { kind: 'none' };
const hidden: ServerName = { kind: 'none', reason: 'hidden by an encrypted ClientHello' };
const unreadable: ServerName = { kind: 'none', reason: 'not one name of printable ASCII' };
const more: ServerName = { kind: 'more' };
/** Maximum size of a TLS record with its header; clients send no larger ClientHello. */
export const maxClientHello = 16 * 1024 + 5;

/**
 * @param endedHere Whether the TLS ends at the gateway, which knows no key of an encrypted ClientHello: what is visible counts
 * then. Some programs send one with random content to every host.
 */
export function serverName(bytes: Buffer, endedHere = false): ServerName {
  if (bytes.length > 0 && bytes[0] !== 0x16) return none;
  if (bytes.length < 5) return more;
  const recordEnd = 5 + bytes.readUInt16BE(3);
  if (recordEnd > maxClientHello) return none;
  if (bytes.length < recordEnd) return more;
  try {
    return parseHello(bytes.subarray(5, recordEnd), endedHere);
  } catch {
    return none; // a length exceeds the record
  }
}

function parseHello(hello: Buffer, endedHere: boolean): ServerName {
  if (hello.readUInt8(0) !== 1 || hello.readUIntBE(1, 3) + 4 > hello.length) return none;
  let at = 4 + 2 + 32; // header, version, random
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  const end = at + 2 + hello.readUInt16BE(at);
  if (end > hello.length) return none;
  at += 2;
  let found: ServerName = none;
  while (at + 4 <= end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    at += 4;
    if (at + length > end) return none;
    // The name that counts is within it, and the visible one is a front's (RFC 9849).
    if (type === 0xfe0d && !endedHere) return hidden;
    if (type === 0) {
      if (found !== none) return unreadable;
      found = hostName(hello.subarray(at, at + length));
    }
    at += length;
  }
  return found;
}

/** The only entry of a list of names. A server may take another entry than the first, or decode other bytes otherwise. */
function hostName(list: Buffer): ServerName {
  const size = list.readUInt16BE(3);
  if (list.readUInt8(2) !== 0 || 5 + size !== list.length || list.readUInt16BE(0) !== 3 + size) return unreadable;
  const name = list.toString('latin1', 5);
  return /^[!-~]+$/.test(name) ? { kind: 'name', name: name.toLowerCase() } : unreadable;
}
