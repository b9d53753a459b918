import picomatch from 'picomatch';
import { roughTokens } from '../prompt/budget.ts';

/** Tokens of all lessons in a prompt: a task of its own has ten times as many. */
const maxLessonTokens = 2_000;

/** A lesson as it is frozen for a run. */
export interface FrozenLesson {
  slug: string;
  applies_to: string[];
  text: string;
  /** Whether it applies to paths that the spec may change; decided with the files of the base. */
  targeted: boolean;
}

/** Whether any of the globs matches a path. */
export const matcherOf = (globs: readonly string[]): ((path: string) => boolean) =>
  globs.length === 0 ? () => false : picomatch([...globs], { dot: true });

/**
 * Whether globs meet: both match a file of the tree, or one matches the other as it is written, because a file may not exist
 * yet. Without `targets` a spec may change everything.
 */
export function meets(globs: readonly string[], targets: readonly string[], tree: Iterable<string>): boolean {
  if (targets.length === 0) return true;
  const [applies, targeted] = [matcherOf(globs), matcherOf(targets)];
  if (targets.some((target) => applies(asFile(target))) || globs.some((glob) => targeted(asFile(glob)))) return true;
  for (const path of tree) if (applies(path) && targeted(path)) return true;
  return false;
}

/** A glob as the name of a file that it matches: wildcards stand for a word. */
const asFile = (glob: string): string => glob.replace(/\*\*?/g, 'x').replace(/\?/g, 'x');

/**
 * The lessons of a prompt, within the budget of tokens: those whose globs meet the spec's paths or the files of the plan. The
 * order is that of their names, so that every phase of a run decides the same.
 */
export function selectLessons(
  lessons: readonly FrozenLesson[],
  planFiles: readonly string[],
): { chosen: FrozenLesson[]; leftOut: string[] } {
  const chosen: FrozenLesson[] = [];
  const leftOut: string[] = [];
  let tokens = 0;
  for (const lesson of [...lessons].sort((a, b) => (a.slug < b.slug ? -1 : 1))) {
    const matches = matcherOf(lesson.applies_to);
    if (!lesson.targeted && !planFiles.some((file) => matches(file))) continue;
    tokens += roughTokens(lesson.text);
    if (tokens <= maxLessonTokens) chosen.push(lesson);
    else leftOut.push(lesson.slug);
  }
  return { chosen, leftOut };
}
