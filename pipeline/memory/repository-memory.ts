import { isActive, maxLessonBytes, parseLesson } from '../../core/knowledge/parse.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { readRunbook } from '../../core/runbook/parse.ts';
import { runbookFolder } from '../../core/runbook/record.ts';
import { maxFileBytes } from '../../core/task-spec/text.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { reviewedFiles, type SpecFile } from '../repository/spec-files.ts';
import { runbookBranch, triggerPlace } from '../triggers/place.ts';

/** What a repository remembers for its next tasks: its runbooks and lessons at the head of a trusted branch. */
export interface RepositoryMemory {
  /** Null if no trusted branch exists. */
  branch: string | null;
  runbooks: {
    name: string;
    version: number | null;
    description: string | null;
    parameters: { name: string; description: string }[];
    /** What starts it, in words. */
    triggers: string[];
    /** Errors of the file. */
    problems: string[];
  }[];
  lessons: {
    slug: string;
    text: string;
    appliesTo: string[];
    added: string | null;
    reviewBy: string | null;
    /** Whether prompts have it. */
    active: boolean;
    problems: string[];
  }[];
}

/** More files of one kind than a page shows. */
const maxFiles = 100;

/** @throws UnknownRepository, and the errors of the code host. */
export async function repositoryMemory(deps: Deps, repository: string, policy: Policy): Promise<RepositoryMemory> {
  const place = triggerPlace(deps, policy, repository);
  const found = await runbookBranch(place);
  // Where every branch is trusted, none is named in full.
  const main = found ? undefined : await place.host.resolve(place.location, 'main').catch(absentBranch);
  const at = found ?? (main === undefined ? undefined : { branch: 'main', commit: main });
  if (!at) return { branch: null, runbooks: [], lessons: [] };
  const tree = await place.host.listTree(place.location, at.commit);
  const files = reviewedFiles(tree);
  const pathsOf = (kind: SpecFile[], most: number): string[] =>
    kind
      .filter(({ bytes = 0 }) => bytes <= most)
      .slice(0, maxFiles)
      .map(({ path }) => path);
  const read = (paths: string[], most: number) =>
    place.host.readFiles(place.location, at.commit, paths, maxFiles * most);
  const [books, lessons] = [pathsOf(files.runbooks, maxFileBytes), pathsOf(files.lessons, maxLessonBytes)];
  const [bookBytes, lessonBytes] = await Promise.all([read(books, maxFileBytes), read(lessons, maxLessonBytes)]);
  const today = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const nameOf = (path: string, folder: string): string => path.slice(folder.length, -'.md'.length);
  return {
    branch: at.branch,
    runbooks: books.map((path) => {
      const { runbook, problems } = readRunbook(path, bookBytes.get(path) ?? new Uint8Array());
      return {
        name: nameOf(path, runbookFolder),
        version: runbook?.version ?? null,
        description: runbook?.description ?? null,
        parameters: Object.entries(runbook?.parameters ?? {}).map(([name, { description }]) => ({ name, description })),
        triggers: (runbook?.triggers ?? []).map(triggerText),
        problems: problems.filter(({ severity }) => severity === 'error').map(problemText),
      };
    }),
    lessons: lessons.map((path) => {
      const { lesson, problems } = parseLesson(path, lessonBytes.get(path) ?? new Uint8Array(), today);
      return {
        slug: nameOf(path, lessonFolder),
        text: lesson?.text ?? '',
        appliesTo: lesson?.applies_to ?? [],
        added: lesson?.added ?? null,
        reviewBy: lesson?.review_by ?? null,
        active: lesson !== undefined && isActive(lesson, today),
        problems: problems.map(problemText),
      };
    }),
  };
}

const problemText = ({ line, rule, message }: { line: number; rule: string; message: string }): string =>
  `line ${line}: ${rule}: ${message}`;

type Trigger = NonNullable<ReturnType<typeof readRunbook>['runbook']>['triggers'][number];

function triggerText(trigger: Trigger): string {
  if ('schedule' in trigger) return `schedule ${trigger.schedule}, ${trigger.timezone}`;
  if ('push' in trigger)
    return `a push to ${trigger.push.branches.join(', ')} that changes ${trigger.push.paths.join(', ')}`;
  if ('issue_label' in trigger) return `the label ${trigger.issue_label} on an issue`;
  return 'a comment /drydock run';
}
