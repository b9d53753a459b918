const maxPath = 1_000;
const segment = /^[\w.~+@!$&'()*,;=:-]{1,255}$/;

/**
 * A path as it is sent to a registry, after one percent-decoding; `undefined` if it could mean another one to a server that
 * decodes it again: with `%`, `\`, empty segments, or `.` and `..`. A slash at the end stays.
 * @param subject The path as it was asked, percent-encoded, without a slash at the beginning.
 */
export function plainPath(subject: string): string | undefined {
  if (subject.length === 0 || subject.length > maxPath) return undefined;
  let plain: string;
  try {
    plain = decodeURIComponent(subject);
  } catch {
    return undefined;
  }
  const segments = (plain.endsWith('/') ? plain.slice(0, -1) : plain).split('/');
  return segments.every((part) => segment.test(part) && !/^\.\.?$/.test(part)) ? plain : undefined;
}
