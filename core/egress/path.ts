import { wildcard } from '../policy/wildcard.ts';

const maxPath = 4_000;

/** A path of a request in the two ways in which servers read one; they differ where a slash is encoded. */
export interface NormalPath {
  /** As it is sent on: the path as it was asked, without its query. */
  sent: string;
  /** Segments of the path after percent-decoding. */
  decoded: readonly string[];
  /** The path's own segments, each percent-decoded. */
  own: readonly string[];
}

/** A path that could mean another one to another reader. */
export interface UnclearPath {
  fault: string;
}

/** A segment that some reader takes as the folder itself or the one above; some drop what follows a semicolon. */
const isDots = (segment: string): boolean => /^\.{1,2}$/.test(segment.split(';', 1)[0] ?? '');

/**
 * Reads the path of a request, once. Refused is what two readers could read differently: a path that is still encoded
 * after one decoding, dot segments in any form, empty segments, backslashes, and what is not printable.
 * @param target The target of a request: path and query.
 */
export function normalPath(target: string): NormalPath | UnclearPath {
  const [sent = ''] = target.split('?', 1);
  if (!sent.startsWith('/')) return { fault: 'the target is not a path' };
  if (sent.length > maxPath) return { fault: `the path has more than ${maxPath} characters` };
  if (!/^[!-~]+$/.test(sent) || sent.includes('#')) return { fault: 'the path has a character that is not allowed' };
  let own: string[];
  try {
    own = sent.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return { fault: 'the path has an invalid percent-encoding' };
  }
  const decoded = own.join('/').split('/');
  const empty = decoded.slice(0, -1).some((segment) => segment === '');
  if (empty) return { fault: 'the path has an empty segment' };
  for (const segment of decoded) {
    if (/%[0-9a-f]{2}/i.test(segment)) return { fault: 'the path is percent-encoded twice' };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
    if (/[\\\u0000-\u001f\u007f]/.test(segment))
      return { fault: 'the path has an encoded backslash or control character' };
    if (isDots(segment)) return { fault: 'the path has a dot segment' };
  }
  return { sent, decoded, own };
}

/** Why a pattern of paths is invalid; undefined if it is valid. */
export function pathPatternFault(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'Begin the path with a slash.';
  if (!/^[A-Za-z0-9/._~!$&'()*+,;=:@-]+$/.test(pattern))
    return 'Write the path as it is after percent-decoding, in ASCII, without a query.';
  const segments = pattern.slice(1).split('/');
  if (segments.slice(0, -1).includes('')) return 'Two slashes in a row are not allowed.';
  if (segments.some(isDots)) return '"." and ".." are not allowed.';
  if (segments.some((segment) => segment.includes('**') && segment !== '**'))
    return 'Write ** as a whole segment: /a/**.';
  return segments.length > 50 ? 'At most 50 segments are allowed.' : undefined;
}

/** Whether a path matches a pattern: `*` stands for characters of one segment, `**` for any number of segments. */
export const matchesPath = (pattern: string, path: NormalPath): boolean => {
  const parts = pattern.slice(1).split('/');
  return matches(parts, path.decoded) && matches(parts, path.own);
};

/** Dynamic programming: a pattern with several `**` takes no more than pattern times path. */
function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  /** Whether the pattern so far matches the first n segments. */
  let reached = [true, ...segments.map(() => false)];
  for (const part of pattern) {
    if (part === '**') {
      const first = reached.indexOf(true);
      reached = reached.map((_, n) => first >= 0 && n >= first);
    } else
      reached = reached.map((_, n) => n > 0 && reached[n - 1] === true && matchesSegment(part, segments[n - 1] ?? ''));
  }
  return reached.at(-1) === true;
}

/** `*` is at least one character of a segment, if it is all of it. */
const matchesSegment = (part: string, segment: string): boolean =>
  part === '*' ? segment !== '' : wildcard([part], segment);
