import { sharedPaths } from '../../campaign/graph.ts';
import { applyPolicy, refuseUnbuilt } from '../../policy/merge.ts';
import type { Policy } from '../../policy/schema.ts';
import { oneLine } from '../../publish/escape.ts';
import { compileConstraints } from '../constraints.ts';
import { hiddenContent } from '../hidden/content.ts';
import { isMarkdown } from '../markdown.ts';
import { type ReadSpec, readSpec } from '../parse.ts';
import type { TaskSpec } from '../schema.ts';
import { type Fault, type Problem, toProblems } from '../text.ts';
import { type Advice, adviseOn } from './advice.ts';
import { type ClarityPart, clarityOf, type RepositoryFacts } from './clarity.ts';

export interface LintReport {
  taskId: string | null;
  /** No problem is an error. */
  valid: boolean;
  problems: Problem[];
  /** 0 to 100, the sum of the parts; 0 for a spec that cannot be read. */
  clarity: number;
  clarityParts: ClarityPart[];
  advice: Advice;
}

/**
 * Checks a spec before a run: its form, its clarity, how to delegate it and, with a policy, what the policy refuses.
 */
export const lintSpec = (file: string, bytes: Uint8Array, facts?: RepositoryFacts, policy?: Policy): LintReport =>
  lintRead(readSpec(file, bytes), facts, policy);

/** Checks a spec that is already read, see {@link lintSpec}. */
export function lintRead(read: ReadSpec, facts?: RepositoryFacts, policy?: Policy): LintReport {
  const { spec } = read;
  if (!spec) return report(read, read.faults, [], unreadable);

  const stated = { testCommand: has(read.value, 'sandbox', 'test_command') };
  const compiled = compileConstraints(spec);
  const parts = clarityOf(spec, compiled, stated);
  const clarity = sum(parts);
  const advice = adviseOn(spec, compiled, clarity, facts, Object.keys(policy?.review.critical_paths ?? {}));
  const faults = [
    ...read.faults,
    ...assumptions(read, spec),
    ...unclear(parts, read),
    ...unseen(read),
    ...refusals(spec, read, policy),
    ...shared(spec, read),
  ];
  return report(read, faults, parts, advice);
}

const unreadable: Advice = {
  mode: 'local',
  costClass: 'negligible',
  reason: 'The spec is invalid; fix it before you delegate it.',
  facts: [],
};

const sum = (parts: ClarityPart[]): number => parts.reduce((total, part) => total + part.points, 0);

function report(read: ReadSpec, faults: Fault[], parts: ClarityPart[], advice: Advice): LintReport {
  const problems = toProblems(read.text, faults);
  return {
    taskId: read.taskId ?? null,
    valid: problems.every((problem) => problem.severity !== 'error'),
    problems,
    clarity: sum(parts),
    clarityParts: parts,
    advice,
  };
}

const has = (value: unknown, ...path: string[]): boolean =>
  path.length === 0
    ? value !== undefined
    : typeof value === 'object' &&
      value !== null &&
      path[0] !== undefined &&
      Object.hasOwn(value, path[0]) &&
      has((value as Record<string, unknown>)[path[0]], ...path.slice(1));

const offsetOf = (read: ReadSpec, path: string): number =>
  read.document?.locate(path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))) ?? 0;

function assumptions(read: ReadSpec, spec: TaskSpec): Fault[] {
  return (['runtime', 'test_command'] as const).flatMap((field) =>
    has(read.value, 'sandbox', field)
      ? []
      : {
          severity: 'warning' as const,
          rule: 'assumed-default',
          message: `sandbox.${field} is left out; "${spec.sandbox[field]}" is assumed.`,
          offset: offsetOf(read, 'sandbox'),
        },
  );
}

const fieldOf: Record<ClarityPart['part'], string> = {
  targets: 'instructions',
  constraints: 'constraints',
  success: 'success_criteria',
  excluded: 'excluded_paths',
};

const unclear = (parts: ClarityPart[], read: ReadSpec): Fault[] =>
  parts.flatMap(({ part, points, advice }) =>
    advice === undefined
      ? []
      : {
          severity: 'warning' as const,
          rule: `clarity-${part}`,
          message: `${points} of 25 points. ${advice}`,
          offset: offsetOf(read, fieldOf[part]),
        },
  );

/** What the agent reads, and a reviewer of the rendered file does not. */
const unseen = ({ file, text }: ReadSpec): Fault[] =>
  isMarkdown(file)
    ? hiddenContent(text).map(({ what, offset, text: hidden }) => ({
        severity: 'warning' as const,
        rule: 'hidden-content',
        message: `${what} is not displayed, and the agent reads it: “${oneLine(hidden).slice(0, 120)}”`,
        offset,
      }))
    : [];

/** Parts that may change the same files at the same time conflict when they are merged. */
const shared = (spec: TaskSpec, read: ReadSpec): Fault[] =>
  sharedPaths(spec.campaign?.parts ?? []).map(({ a, b, path }) => ({
    severity: 'warning' as const,
    rule: 'parts-share-path',
    message: `The parts "${a}" and "${b}" may both change ${path} at the same time; a conflict costs a round of the coordinator. Give it to one of them, or let one depend on the other.`,
    offset: offsetOf(
      read,
      `campaign.parts.${(spec.campaign?.parts ?? []).findIndex(({ id }) => id === b)}.target_paths`,
    ),
  }));

/** The requester is not known yet, so the quorum is checked without one. */
function refusals(spec: TaskSpec, read: ReadSpec, policy: Policy | undefined): Fault[] {
  const faults: Fault[] = [];
  const add = (path: string, message: string, rule = 'PolicyRefused') =>
    faults.push({ rule, message, offset: offsetOf(read, path) });
  if (policy) for (const { path, message, name } of applyPolicy(spec, policy, '').problems) add(path, message, name);
  else refuseUnbuilt(spec, add);
  return faults;
}
