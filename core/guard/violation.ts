/** Something a change may not do, by a stable rule name (R31, R45). */
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
    | 'ExecutableAdded'
    | 'SecretFound'
    | 'ConflictMarker'
    | 'TestsWeakened';
  path: string;
  message: string;
}

export const formatViolations = (violations: Violation[]): string =>
  violations.map((violation) => `${violation.rule}: ${violation.path}: ${violation.message}`).join('\n');
