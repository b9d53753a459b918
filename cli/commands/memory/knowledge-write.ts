import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../../core/errors.ts';
import { applyProposals, lessonProposals } from '../../../core/knowledge/proposals.ts';
import { lessonFolder } from '../../../core/knowledge/schema.ts';
import { action, type CommonOptions } from '../../command.ts';
import { markdownFiles, readBytes, standingRoot } from '../../config/task-files.ts';
import { type Output, print } from '../../terminal/output.ts';

const collect = (value: string, all: string[]): string[] => [...all, value];

/** Adds `drydock knowledge add` and `retire`, which write files of the work tree for a commit. */
export function registerWriting(knowledge: Command): void {
  action<[string], CommonOptions & { for: string[]; text?: string; from: string[] }>(
    knowledge
      .command('add <slug>')
      .description('write a lesson into the work tree')
      .requiredOption(
        '--for <glob>',
        'path or glob that the lesson applies to; may be given several times',
        collect,
        [],
      )
      .option('--text <text>', 'the lesson, at most 1,000 characters')
      .option('--from <link>', 'https URL or id of a run where it was learned; may be given several times', collect, [])
      .addHelpText(
        'after',
        '\nExample:\n  drydock knowledge add test-database --for "test/**" --text "Each test file makes a database of its own."',
      ),
    async (output, { for: applies_to, text, from }, slug) => {
      if (text === undefined || applies_to.length === 0)
        throw new DrydockError('UsageError', 'knowledge add needs --text TEXT and at least one --for GLOB.');
      return write(output, { new: [{ slug, applies_to, text }] }, from);
    },
  );

  action<[string], CommonOptions>(
    knowledge
      .command('retire <slug>')
      .description('mark a lesson as retired from today on; no prompt gets it any more')
      .addHelpText('after', '\nExample:\n  drydock knowledge retire test-database'),
    async (output, _options, slug) => write(output, { retired: [{ slug, reason: 'retired by a person' }] }, []),
  );
}

function write(output: Output, given: unknown, from: string[]): 0 {
  const proposals = lessonProposals.safeParse(given);
  if (!proposals.success) {
    const [issue] = proposals.error.issues;
    throw new DrydockError('LessonInvalid', `${issue?.path.slice(2).join('.')}: ${issue?.message}`);
  }
  const root = standingRoot();
  const existing = new Map(
    markdownFiles(root, lessonFolder).map((name) => [
      `${lessonFolder}${name}`,
      readBytes('lesson', join(root, lessonFolder, name)),
    ]),
  );
  const today = new Date().toISOString().slice(0, 10);
  const { files, refused } = applyProposals(existing, proposals.data, { from, today });
  const [first] = refused;
  if (first) {
    const message = `${first.slug}: ${first.rule}: ${first.message}`;
    if (first.rule !== 'unknown-lesson') throw new DrydockError('LessonInvalid', message);
    throw new DrydockError('LessonInvalid', message, { remedy: '`drydock knowledge list` shows the lessons.' });
  }
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  const written = [...files.keys()];
  print(output, { files: written }, () =>
    written.length === 0 ? ['Nothing changed.'] : written.map((path) => `Wrote ${path}`),
  );
  return 0;
}
