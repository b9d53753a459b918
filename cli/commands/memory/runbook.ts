import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../../core/errors.ts';
import { formatUsd, microsOf } from '../../../core/money/format.ts';
import { readRunbook } from '../../../core/runbook/parse.ts';
import { runbookFolder, runbookName } from '../../../core/runbook/record.ts';
import { runbookJsonSchema } from '../../../core/runbook/schema.ts';
import { action, type CommonOptions, dataOption, policyOption, withSession } from '../../command.ts';
import { readBytes, standingRoot } from '../../config/task-files.ts';
import { guessToolchain, sandboxLines } from '../../config/toolchain.ts';
import { stackFlags } from '../../remote/options.ts';
import { plain, print, table, withError } from '../../terminal/output.ts';
import { faultLines, find, problemLines, readAll, repositoryOf, viewOf } from './runbook-files.ts';
import { registerUse } from './runbook-use.ts';

export function register(program: Command): void {
  const runbook = program
    .command('runbook')
    .description('make specs from parameterised guides in .agent-tasks/runbooks, and see what came of them');

  action<[], CommonOptions>(
    runbook
      .command('list')
      .description('list the runbooks of the current work tree')
      .addHelpText('after', '\nExample:\n  drydock runbook list --json'),
    async (output) => {
      const all = readAll(standingRoot());
      const view = all.map((each) => ({ ...viewOf(each), valid: each.runbook !== undefined, problems: each.problems }));
      print(output, { runbooks: view }, () =>
        all.length === 0
          ? [`There are no runbooks in ${runbookFolder}. Write one with: drydock runbook new NAME`]
          : table(
              view.map((each) => [
                each.name,
                each.valid ? `version ${each.version}` : 'invalid',
                plain(each.description ?? ''),
              ]),
            ),
      );
      return 0;
    },
  );

  action<[string], CommonOptions>(
    stackFlags(
      runbook
        .command('show <name>')
        .description('show a runbook, and the runs that used it with outcome, rework and cost')
        .option(...policyOption)
        .option(...dataOption),
    ).addHelpText('after', '\nExample:\n  drydock runbook show upgrade-dependency --json'),
    async (output, options, name) => {
      const root = standingRoot();
      const read = find(root, name);
      const repository = repositoryOf(root, read.runbook, options);
      const uses = await withSession(options, ({ service }) => service.runbookUses(repository, read.runbook.runbook));
      print(output, { ...viewOf(read), uses }, () => [
        `${output.style('bold', read.runbook.runbook)}  version ${read.runbook.version}  ${plain(read.runbook.description ?? '')}`,
        ...table(
          Object.entries(read.runbook.parameters).map(([id, each]) => [
            `  ${id}`,
            each.type,
            each.default === undefined ? 'required' : `default ${plain(String(each.default))}`,
            plain(each.description),
          ]),
        ),
        uses.length === 0 ? 'No run used it yet.' : `${uses.length} ${uses.length === 1 ? 'run' : 'runs'} used it:`,
        ...table(
          uses.map((use) => [
            `  ${use.runId.slice(0, 10)}`,
            use.taskId,
            `version ${use.version}`,
            use.status,
            `${use.reworkRounds} rework`,
            formatUsd(microsOf(use.usd)),
          ]),
        ),
      ]);
      return 0;
    },
  );

  action<[string], CommonOptions>(
    runbook
      .command('new <name>')
      .description('write a template of a runbook')
      .addHelpText('after', '\nExample:\n  drydock runbook new upgrade-dependency'),
    async (output, _options, name) => {
      const checked = runbookName.safeParse(name);
      if (!checked.success)
        throw new DrydockError('UsageError', `${JSON.stringify(name)}: ${checked.error.issues[0]?.message}`);
      const root = standingRoot();
      const file = join(root, runbookFolder, `${name}.md`);
      if (existsSync(file))
        throw new DrydockError('UsageError', `${file} already exists.`, {
          remedy: 'Choose another name, or edit the file.',
        });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, template(name, root), { flag: 'wx' });
      print(output, { file, runbook: name }, () => [`Wrote ${file}`, 'Next: fill it in, then drydock runbook lint']);
      return 0;
    },
  );

  action<[string[]], CommonOptions & { schema?: boolean }>(
    runbook
      .command('lint [files...]')
      .description('check runbooks: form, parameters, commands, triggers; without FILES all of the work tree')
      .option('--schema', 'print the JSON Schema of the front matter, for editors')
      .addHelpText('after', '\nExample:\n  drydock runbook lint .agent-tasks/runbooks/*.md --json'),
    async (output, { schema }, files) => {
      if (schema) {
        output.out(JSON.stringify(runbookJsonSchema(), null, output.json ? 0 : 2));
        return 0;
      }
      const read =
        files.length === 0
          ? readAll(standingRoot())
          : files.map((file) => readRunbook(file, readBytes('runbook', file)));
      const errors = read.flatMap(({ file, problems }) => faultLines(file, problems));
      const error = errors.length === 0 ? undefined : new DrydockError('RunbookInvalid', errors.join('\n'));
      const view = read.map((each) => ({
        file: each.file,
        runbook: viewOf(each).name,
        valid: each.runbook !== undefined,
        problems: each.problems,
      }));
      print(output, { files: view, ...withError(error) }, () =>
        read.flatMap(({ file, runbook: valid, problems }) => [
          `${output.style('bold', file)}  ${valid ? output.style('green', 'valid') : output.style('red', 'invalid')}`,
          ...problemLines(output, file, problems),
        ]),
      );
      return error?.exit ?? 0;
    },
  );

  registerUse(runbook);
}

const template = (name: string, root: string): string => `---
runbook: ${name}
version: 1
description: What this is for, in one line
parameters:
  topic:
    description: What to work on
    type: word
spec:
  task_id: ${name.toUpperCase()}-\${topic}
  target_paths: [src/**]
  constraints:
    - Keep the public interface as it is
  success_criteria:
    - The tests cover the change
  sandbox:
${sandboxLines(guessToolchain(root))
  .map((line) => `  ${line}`)
  .join('\n')}
  budget:
    max_usd: 2
---

# Work on \${topic}

Say what to change and where, step by step: name files and functions, and what is different afterwards.
`;
