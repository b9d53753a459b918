/**
 * Reads the server name out of a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3). It may come in pieces: `more` asks for
 * another piece, `undefined` means that this is no ClientHello or that it names no host.
 */
type ServerName = { kind: 'more' } | { kind: 'none' } | { kind: 'name'; name: string };

const NONE: ServerName = { kind: 'none' };
const MORE: ServerName = { kind: 'more' };
/** No client sends a ClientHello over this; a record may hold 16 KiB. */
export const MAX_CLIENT_HELLO = 16 * 1024 + 5;

export function serverName(bytes: Buffer): ServerName {
  if (bytes.length > 0 && bytes[0] !== 0x16) return NONE;
  if (bytes.length < 5) return MORE;
  const recordEnd = 5 + bytes.readUInt16BE(3);
  if (recordEnd > MAX_CLIENT_HELLO) return NONE;
  if (bytes.length < recordEnd) return MORE;
  try {
    return parseHello(bytes.subarray(5, recordEnd));
  } catch {
    return NONE; // a length pointed past the end
  }
}

function parseHello(hello: Buffer): ServerName {
  if (hello.readUInt8(0) !== 1 || hello.readUIntBE(1, 3) + 4 > hello.length) return NONE;
  let at = 4 + 2 + 32; // header, version, random
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  const end = at + 2 + hello.readUInt16BE(at);
  if (end > hello.length) return NONE;
  at += 2;
  while (at + 4 <= end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    at += 4;
    if (at + length > end) return NONE;
    if (type === 0) {
      // one list of names; the first of type host_name counts
      const size = hello.readUInt16BE(at + 3);
      if (hello.readUInt8(at + 2) !== 0 || 5 + size > length) return NONE;
      return { kind: 'name', name: hello.toString('ascii', at + 5, at + 5 + size).toLowerCase() };
    }
    at += length;
  }
  return NONE;
}
