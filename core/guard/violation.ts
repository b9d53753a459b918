/** A violation of a rule by a change; rule names are stable (R31, R45). */
export interface Violation {
  rule:
    | 'InvalidPath'
    | 'ExcludedPath'
    | 'OutsideTargetPaths'
    | 'ProtectedPath'
    | 'TooManyFiles'
    | 'TooManyBytes'
    | 'SymlinkEscapes'
    | 'SubmoduleAdded'
    | 'LfsChanged'
    | 'ExecutableAdded'
    | 'SecretFound'
    | 'ConflictMarker'
    | 'HiddenCharacters'
    | 'VulnerableDependency'
    | 'LicenseDenied'
    | 'TestsWeakened';
  path: string;
  message: string;
  /** Of a secret, for the list of allowed ones. */
  fingerprint?: string;
}

/** Records a violation. */
export type Refuse = (rule: Violation['rule'], path: string, message: string, fingerprint?: string) => void;

/** A hostile change can have a hundred thousand violations; nobody reads more than this number. */
const maxLines = 100;

/** One line per violation; a path is quoted if it is not printable ASCII. */
export function formatViolations(violations: Violation[]): string {
  const lines = violations.slice(0, maxLines).map(({ rule, path, message }) => `${rule}: ${shown(path)}: ${message}`);
  const more = violations.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** What a person adds to the policy if values that look like secrets are none; empty if there are none. */
export function remedyForSecrets(violations: Violation[]): string {
  const found = violations.filter(({ fingerprint }) => fingerprint !== undefined).slice(0, 20);
  if (found.length === 0) return '';
  const lines = found.map(
    ({ fingerprint, path, message }) =>
      `    - { fingerprint: ${fingerprint}, reason: "…" } # ${shown(path)}: ${message}`,
  );
  return `Take the secret out, and replace it where it is used. If a value is no secret, a person adds to the policy the lines below and starts another attempt, because a run keeps the policy of its start:\nguard:\n  allowed_secrets:\n${lines.join('\n')}`;
}

const shown = (path: string): string =>
  /^[\x20-\x7E]*$/.test(path)
    ? path
    : JSON.stringify(path).replace(/[\p{C}\p{Z}]/gu, (c) => (c === ' ' ? c : `\\u{${c.codePointAt(0)?.toString(16)}}`));

/** By path, then rule, so that a report does not depend on the order of the entries. */
export const byPath = (a: Violation, b: Violation): number =>
  compare(a.path, b.path) || compare(a.rule, b.rule) || compare(a.message, b.message);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
