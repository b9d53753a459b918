import { posix } from 'node:path';
import type { Command } from 'commander';
import { type FileDiff, filesOfDiff } from '../../../core/diff/unified.ts';
import { DrydockError } from '../../../core/errors.ts';
import { action, type CommonOptions, dataOption, withSession } from '../../command.ts';
import { stackFlags } from '../../remote/options.ts';
import { plain, print } from '../../terminal/output.ts';
import { page, pagerOf } from '../../terminal/pager.ts';
import { diffLines } from '../../terminal/view/diff.ts';

export function register(program: Command): void {
  const command = stackFlags(
    program
      .command('diff <run> [path]')
      .description('show the newest change of a run, before it is published too; on a terminal through a pager')
      .option(...dataOption)
      .option('--no-pager', 'print the change, and start no pager'),
  );
  command.addHelpText(
    'after',
    `
Examples:
  drydock diff FIX-1                  the whole change
  drydock diff FIX-1 src              the files below src
  drydock diff FIX-1 src/round.js --json

The pager is $GIT_PAGER, your \`git config core.pager\`, $PAGER, or less. Where standard output is no terminal, the change
is printed without colours and without a pager; hidden characters are shown as code points, and unchanged with --json.`,
  );
  action<[string, string | undefined], CommonOptions & { pager: boolean }>(
    command,
    async (output, options, reference, path) => {
      const { run, diff } = await withSession(options, async ({ service }) => ({
        run: await service.run(reference),
        diff: await service.diff(reference),
      }));
      const files = diff === null ? [] : filesBelow(changedFiles(diff.text), path);
      const { runId, taskId } = run;
      if (output.json) {
        print(output, { runId, taskId, truncated: diff?.truncated ?? false, files: files.map(asJson) }, () => []);
        return 0;
      }
      if (files.length === 0) output.err(`${taskId} has no change yet.`);
      const lines = files.flatMap(({ text }) => diffLines(text, output));
      const pager = options.pager && output.columns() !== Number.POSITIVE_INFINITY ? pagerOf() : undefined;
      if (!pager || lines.length === 0 || !(await page(pager, lines))) for (const line of lines) output.out(line);
      if (diff?.truncated) output.err('The change is cut here, because it is too long. The branch has all of it.');
      return 0;
    },
  );
}

type ChangedFile = FileDiff & { text: string };

/** A change file by file; no line within a file's hunks begins as the head of a file does. */
const changedFiles = (text: string): ChangedFile[] =>
  text
    .replace(/\n$/, '')
    .split(/\n(?=diff --git )/)
    .flatMap((part) => filesOfDiff(part).map((file) => ({ ...file, text: part })));

/** @throws UsageError if the change has no such file or folder. */
function filesBelow(files: ChangedFile[], path: string | undefined): ChangedFile[] {
  const wanted = posix
    .join('/', path ?? '')
    .slice(1)
    .replace(/\/$/, '');
  if (wanted === '') return files;
  const found = files.filter((file) => file.path === wanted || file.path.startsWith(`${wanted}/`));
  if (found.length > 0) return found;
  const names = files.slice(0, 20).map((file) => plain(file.path));
  throw new DrydockError('UsageError', `The change has no file ${JSON.stringify(wanted.slice(0, 200))}.`, {
    remedy: `Name a file or a folder of the change, from the root of the repository: ${names.join(', ') || 'there is none yet'}.`,
  });
}

const asJson = ({ path, op, added, removed, text }: ChangedFile) => ({ path, op, added, removed, diff: `${text}\n` });
