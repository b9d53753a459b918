import { type CompiledConstraints, pathRule } from '../constraints.ts';
import type { TaskSpec } from '../schema.ts';
import { isConcrete, isMeasurable, namesCode, namesExclusion, namesKind, namesOutcome } from './words.ts';

export interface RepositoryFacts {
  /** Paths in the repository, from its root. */
  files?: string[];
}

export interface ClarityPart {
  part: 'targets' | 'constraints' | 'success' | 'excluded';
  /** 0 to 25. */
  points: number;
  /** What to write for more points. */
  advice?: string;
}

/** Fields that the spec itself states: a default test command does not count as evidence. */
export interface Stated {
  testCommand: boolean;
}

/**
 * How clearly a spec states its targets, its constraints, its success criteria and its exclusions (R3). Every source of
 * evidence adds points and none subtracts any, so that removing one never raises the score.
 */
export function clarityOf(spec: TaskSpec, compiled: CompiledConstraints, stated: Stated): ClarityPart[] {
  // Path rules are counted separately; the other constraints may still state an exclusion or outcome in prose.
  const rules = spec.constraints.map(pathRule);
  const advisory = spec.constraints.filter((_, i) => rules[i] === undefined);
  const bounded = rules.some((rule) => rule?.kind === 'only');
  const forbidden = rules.some((rule) => rule?.kind === 'never');
  return [
    part('targets', targets(spec, bounded)),
    part('constraints', constraints(compiled)),
    part('success', success(spec, advisory, stated)),
    part('excluded', excluded(spec, forbidden, advisory)),
  ];
}

const remedies: Record<ClarityPart['part'], string> = {
  targets:
    'Name what to change: paths under target_paths, "Change only src/money/round.ts and its tests" under constraints, or paths in the instructions.',
  constraints:
    'Name the rules for the change, one per line, such as "Keep the public signature of roundHalfEven" or "Add no dependency".',
  success:
    'State under success_criteria when the task is done, such as "roundHalfEven(2.5) is 2" or {says: the suite passes, run: npm test}.',
  excluded:
    'Name what must not change: paths under excluded_paths such as src/ledger/**, or "Do not modify src/ledger" under constraints.',
};

/** Points from which a part needs no advice. */
const clearPoints = 15;

const part = (name: ClarityPart['part'], points: number): ClarityPart =>
  points >= clearPoints ? { part: name, points } : { part: name, points, advice: remedies[name] };

/** Points by the number of independent sources; each further source is worth less. */
const bySources = (points: readonly [number, number, number], ...sources: boolean[]): number =>
  [0, ...points][sources.filter(Boolean).length] ?? 0;

function targets(spec: TaskSpec, bounded: boolean): number {
  // A sentence that names an exclusion does not name a target.
  const sentences = spec.instructions.split(/\n|(?<=[.!?])\s/).filter((sentence) => !namesExclusion(sentence));
  const points = bySources([18, 22, 25], spec.target_paths.length > 0, bounded, sentences.some(namesCode));
  return points > 0 ? points : sentences.some(namesKind) ? 12 : 0;
}

function constraints(compiled: CompiledConstraints): number {
  const concrete = compiled.constraints.filter(({ text }) => isConcrete(text));
  const checkable = concrete.some(
    ({ text, enforcedBy }) => enforcedBy !== 'advisory' || isMeasurable(text) || namesCode(text),
  );
  return ([0, 17, 20, 22, 23][Math.min(concrete.length, 4)] ?? 0) + (checkable ? 2 : 0);
}

function success(spec: TaskSpec, advisory: string[], stated: Stated): number {
  const criteria = spec.success_criteria.filter((each) => typeof each !== 'string' || isConcrete(each));
  const checkable = criteria.some((each) => typeof each !== 'string' || namesOutcome(each) || namesCode(each));
  const inPassing = [namesOutcome(spec.instructions), advisory.some(namesOutcome)];
  const points =
    criteria.length > 0
      ? 14 + (checkable ? 1 : 0) + bySources([2, 3, 3], ...inPassing)
      : bySources([12, 14, 14], ...inPassing);
  return points + (stated.testCommand ? 5 : 0) + (spec.sandbox.build_command === undefined ? 0 : 2);
}

function excluded(spec: TaskSpec, forbidden: boolean, advisory: string[]): number {
  const inProse = [spec.instructions, ...advisory].some(namesExclusion);
  return bySources([20, 23, 25], spec.excluded_paths.length > 0, forbidden, inProse);
}
