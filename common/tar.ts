import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const block = 512;
const maxLength = { name: 100, prefix: 155 };

/**
 * Packs a folder as a tar file (POSIX.1-1988, ustar). Links are followed, entries are sorted by name, owner and time
 * are zero: the same files give the same bytes.
 * @throws Error for an entry that is neither a file nor a folder, and for a path that is too long for the format.
 */
export function packFolder(folder: string): Uint8Array {
  return Buffer.concat([...entries(folder, ''), Buffer.alloc(2 * block)]);
}

function* entries(folder: string, below: string): Generator<Uint8Array> {
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stat = statSync(join(folder, path));
    if (stat.isDirectory()) {
      yield header(`${path}/`, 0o755, 0, '5');
      yield* entries(folder, path);
    } else if (stat.isFile()) {
      const bytes = readFileSync(join(folder, path));
      yield header(path, (stat.mode & 0o111) === 0 ? 0o644 : 0o755, bytes.length, '0');
      yield bytes;
      yield Buffer.alloc((block - (bytes.length % block)) % block);
    } else throw new Error(`${path} is neither a file nor a folder`);
  }
}

function header(path: string, mode: number, size: number, type: '0' | '5'): Uint8Array {
  const { name, prefix } = split(path);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number): void => {
    bytes.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  };
  bytes.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.write('        ', 148); // the checksum is computed with blanks in its own field
  bytes.write(type, 156);
  bytes.write('ustar\x0000', 257);
  bytes.write(prefix, 345);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

/** A path over 100 bytes is split at a slash into prefix and name. */
function split(path: string): { name: string; prefix: string } {
  const length = (text: string): number => Buffer.byteLength(text);
  if (length(path) <= maxLength.name) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at >= 0 && at < path.length - 1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (length(prefix) <= maxLength.prefix && length(name) <= maxLength.name) return { name, prefix };
  }
  throw new Error(`${path} is too long for a tar`);
}
