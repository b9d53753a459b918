import { readFileSync } from 'node:fs';
import type { Policy } from '../../core/policy/schema.ts';
import type { RepositoryFacts } from '../../core/task-spec/lint/clarity.ts';
import { type LintReport, lintSpec } from '../../core/task-spec/lint/lint.ts';
import { unreadable } from '../config/unreadable.ts';

/** What specs are checked against: the files of the repository, and the policy when one is given. */
export interface LintContext {
  facts: RepositoryFacts;
  policy: Policy | undefined;
}

/** @throws FileUnreadable. */
export const lintFile = (file: string, { facts, policy }: LintContext): LintReport =>
  lintSpec(file, readSpecFile(file), facts, policy);

/** @throws FileUnreadable. */
export function readSpecFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable('spec', file, error);
  }
}
