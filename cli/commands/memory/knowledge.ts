import { join } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../../core/errors.ts';
import { isActive, type ParsedLesson, parseLesson } from '../../../core/knowledge/parse.ts';
import { type Lesson, lessonFolder, lessonJsonSchema } from '../../../core/knowledge/schema.ts';
import { formatUsd, microsOf } from '../../../core/money/format.ts';
import { markdownName } from '../../../core/text/file-name.ts';
import { action, type CommonOptions, dataOption, policyOption, withSession } from '../../command.ts';
import { repositoryName } from '../../config/own-repository.ts';
import { markdownFiles, readBytes, standingRoot } from '../../config/task-files.ts';
import { stackFlags } from '../../remote/options.ts';
import { plain, print, table, withError } from '../../terminal/output.ts';
import { registerSync } from './knowledge-sync.ts';
import { registerWriting } from './knowledge-write.ts';
import { faultLines, knownPolicy, problemLines } from './runbook-files.ts';

const today = (): string => new Date().toISOString().slice(0, 10);

export function register(program: Command): void {
  const knowledge = program
    .command('knowledge')
    .description('lessons of the team in .agent-tasks/knowledge, which prompts get for the paths that they name');

  action<[], CommonOptions>(
    knowledge
      .command('list')
      .description('list the lessons of the current work tree')
      .addHelpText('after', '\nExample:\n  drydock knowledge list --json'),
    async (output) => {
      const day = today();
      const view = readAll(standingRoot(), day).map(({ file, lesson, problems }) => ({
        slug: slugOf(file),
        file,
        state: stateOf(lesson, day),
        appliesTo: lesson?.applies_to ?? [],
        from: lesson?.from ?? [],
        added: lesson?.added ?? null,
        reviewBy: lesson?.review_by ?? null,
        retired: lesson?.retired ?? null,
        problems,
      }));
      print(output, { lessons: view }, () =>
        view.length === 0
          ? [`There are no lessons in ${lessonFolder}.`]
          : table(view.map((each) => [each.slug, each.state, plain(each.appliesTo.join(' ')), each.reviewBy ?? ''])),
      );
      return 0;
    },
  );

  action<[string[]], CommonOptions & { schema?: boolean }>(
    knowledge
      .command('lint [files...]')
      .description('check lessons: form, length, orders to agents, hidden text; without FILES all of the work tree')
      .option('--schema', 'print the JSON Schema of the front matter, for editors')
      .addHelpText('after', '\nExample:\n  drydock knowledge lint .agent-tasks/knowledge/*.md --json'),
    async (output, { schema }, files) => {
      if (schema) {
        output.out(JSON.stringify(lessonJsonSchema(), null, output.json ? 0 : 2));
        return 0;
      }
      const day = today();
      const read =
        files.length === 0
          ? readAll(standingRoot(), day)
          : files.map((file) => ({ file, ...parseLesson(file, readBytes('lesson', file), day) }));
      const errors = read.flatMap(({ file, problems }) => faultLines(file, problems));
      const error = errors.length === 0 ? undefined : new DrydockError('LessonInvalid', errors.join('\n'));
      const view = read.map(({ file, lesson, problems }) => ({
        file,
        slug: slugOf(file),
        valid: lesson !== undefined,
        problems,
      }));
      print(output, { files: view, ...withError(error) }, () =>
        read.flatMap(({ file, lesson, problems }) => [
          `${output.style('bold', file)}  ${lesson ? output.style('green', 'valid') : output.style('red', 'invalid')}`,
          ...problemLines(output, file, problems),
        ]),
      );
      return error?.exit ?? 0;
    },
  );

  registerWriting(knowledge);
  registerSync(knowledge);

  action<[], CommonOptions & { repository?: string }>(
    stackFlags(
      knowledge
        .command('stats')
        .description('show for each lesson the runs that used it, and the share of reworked runs before and after')
        .option('--repository <name>', 'name of the repository in the policy (default: that of the work tree)')
        .option(...policyOption)
        .option(...dataOption),
    ).addHelpText('after', '\nExample:\n  drydock knowledge stats --json'),
    async (output, options) => {
      const root = standingRoot();
      const repository = options.repository ?? repositoryName(root, knownPolicy(options));
      const lessons = readAll(root, today()).flatMap(({ lesson }) =>
        lesson ? [{ slug: lesson.slug, applies_to: lesson.applies_to, added: lesson.added }] : [],
      );
      const stats = await withSession(options, ({ service }) => service.lessonStats(repository, lessons));
      const share = ({ runs, rate }: (typeof stats)[number]['before']): string =>
        rate === null ? 'no runs' : `${Math.round(100 * rate)} % of ${runs} reworked`;
      print(output, { repository, lessons: stats }, () =>
        stats.length === 0
          ? [`There are no lessons in ${lessonFolder}.`]
          : table(
              stats.map((each) => [
                each.slug,
                each.usedBy.length === 1 ? '1 run' : `${each.usedBy.length} runs`,
                formatUsd(microsOf(each.usd)),
                `before: ${share(each.before)}`,
                `after: ${share(each.after)}`,
              ]),
            ),
      );
      return 0;
    },
  );
}

const slugOf = (file: string): string => markdownName(file) ?? file;

function stateOf(lesson: Lesson | undefined, day: string): 'invalid' | 'retired' | 'review due' | 'active' {
  if (!lesson) return 'invalid';
  if (!isActive(lesson, day)) return 'retired';
  return lesson.review_by < day ? 'review due' : 'active';
}

/** The lessons of the work tree, in the order of their names. */
function readAll(root: string, day: string): (ParsedLesson & { file: string })[] {
  return markdownFiles(root, lessonFolder).map((name) => {
    const file = `${lessonFolder}${name}`;
    return { file, ...parseLesson(file, readBytes('lesson', join(root, file)), day) };
  });
}
