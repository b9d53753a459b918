import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../../core/errors.ts';
import { withBlock } from '../../../core/knowledge/block.ts';
import { isActive, parseLesson } from '../../../core/knowledge/parse.ts';
import { lessonFolder } from '../../../core/knowledge/schema.ts';
import { action, type CommonOptions } from '../../command.ts';
import { markdownFiles, readBytes, standingRoot } from '../../config/task-files.ts';
import { unreadable } from '../../config/unreadable.ts';
import { print, withError } from '../../terminal/output.ts';
import { faultLines } from './runbook-files.ts';

/** Files that coding agents read. The first one is made if it is not there; of the others only those that exist. */
const agentFiles = ['AGENTS.md', 'CLAUDE.md', '.github/copilot-instructions.md'] as const;

/** Adds `drydock knowledge sync`. */
export function registerSync(knowledge: Command): void {
  action<[], CommonOptions & { check?: boolean }>(
    knowledge
      .command('sync')
      .description('keep a marked block of AGENTS.md, and of other files that agents read, equal to the lessons')
      .option('--check', 'write nothing; exit 2 if a file is not equal to the lessons')
      .addHelpText('after', '\nExamples:\n  drydock knowledge sync\n  drydock knowledge sync --check --json'),
    async (output, { check }) => {
      const root = standingRoot();
      const day = new Date().toISOString().slice(0, 10);
      const read = markdownFiles(root, lessonFolder).map((name) => {
        const file = `${lessonFolder}${name}`;
        return { file, ...parseLesson(file, readBytes('lesson', join(root, file)), day) };
      });
      const faults = read.flatMap(({ file, problems }) => faultLines(file, problems));
      if (faults.length > 0) throw new DrydockError('LessonInvalid', faults.join('\n'));
      const lessons = read.flatMap(({ lesson }) => (lesson && isActive(lesson, day) ? [lesson] : []));
      const files = agentFiles
        .filter((file) => file === 'AGENTS.md' || isOwnFile(root, file))
        .map((file) => {
          const before = textOf(root, file);
          const after = withBlock(before ?? '', lessons);
          if (typeof after === 'string') return { file, before, after, changed: after !== (before ?? '') };
          throw new DrydockError('LessonInvalid', `${file}: ${after.fault}`, {
            remedy: 'Put the marks back, or remove both and what is between them, and run the command again.',
          });
        });
      // Written only when all of them can be.
      if (!check)
        for (const { file, before, after, changed } of files)
          if (changed) writeFileSync(join(root, file), after, { flag: before === undefined ? 'wx' : 'w' });
      const view = files.map(({ file, changed }) => ({ file, changed }));
      const differing = check ? view.filter(({ changed }) => changed).map(({ file }) => file) : [];
      const error =
        differing.length === 0
          ? undefined
          : new DrydockError('LessonsNotSynced', `${differing.join(', ')} differs from the lessons.`);
      print(output, { lessons: lessons.length, files: view, ...withError(error) }, () =>
        view.map(({ file, changed }) => `${file}  ${changed ? (check ? 'differs' : 'written') : 'is equal'}`),
      );
      return error?.exit ?? 0;
    },
  );
}

/** Whether the file exists and is not a link: a link might lead out of the repository, or to another of the files. */
const isOwnFile = (root: string, file: string): boolean =>
  existsSync(join(root, file)) && realpathSync(join(root, file)) === join(realpathSync(root), file);

/** The text of a file whose bytes are UTF-8; undefined if there is none. @throws FileUnreadable. */
function textOf(root: string, file: string): string | undefined {
  const path = join(root, file);
  if (existsSync(path) && !isOwnFile(root, file))
    throw new DrydockError(
      'FileUnreadable',
      `${file} is a link; lessons are written into files of the repository only.`,
    );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable('file', path, error);
  }
}
