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
  /** What to write to earn more. */
  advice?: string;
}

/** What a spec states itself, before defaults: an assumed test command is no evidence. */
export interface Stated {
  testCommand: boolean;
}

/**
 * How clearly a spec says what to change, within which bounds, what done means and what to leave alone (R3). Every source
 * of evidence adds points and none takes any away, so that losing one always lowers the score.
 */
export function clarityOf(spec: TaskSpec, compiled: CompiledConstraints, stated: Stated): ClarityPart[] {
  // A rule on paths counts as that; the others may still say in words what paths would say better.
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
    'Name what to keep to, one rule a line, such as "Keep the public signature of roundHalfEven" or "Add no dependency".',
  success:
    'Say when it is done under success_criteria, such as "roundHalfEven(2.5) is 2" or {says: the suite passes, run: npm test}.',
  excluded:
    'Name what to leave alone: paths under excluded_paths such as src/ledger/**, or "Do not modify src/ledger" under constraints.',
};

/** Enough that a reader has nothing to ask. */
const enough = 15;

const part = (name: ClarityPart['part'], points: number): ClarityPart =>
  points >= enough ? { part: name, points } : { part: name, points, advice: remedies[name] };

/** Points by how many independent sources say it; each further one is worth less. */
const bySources = (most: readonly [number, number, number], ...sources: boolean[]): number =>
  [0, ...most][sources.filter(Boolean).length] ?? 0;

function targets(spec: TaskSpec, bounded: boolean): number {
  // What is named to be left alone is no target.
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
  const said =
    criteria.length > 0
      ? 14 + (checkable ? 1 : 0) + bySources([2, 3, 3], ...inPassing)
      : bySources([12, 14, 14], ...inPassing);
  return said + (stated.testCommand ? 5 : 0) + (spec.sandbox.build_command === undefined ? 0 : 2);
}

function excluded(spec: TaskSpec, forbidden: boolean, advisory: string[]): number {
  const words = [spec.instructions, ...advisory].some(namesExclusion);
  return bySources([20, 23, 25], spec.excluded_paths.length > 0, forbidden, words);
}
