import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { lintSpec } from '../../../core/task-spec/lint/lint.ts';
import { readSpec } from '../../../core/task-spec/parse.ts';
import { action } from '../../command.ts';
import { requesterName } from '../../config/home.ts';
import { loadPolicy, personId } from '../../config/load-policy.ts';
import { standingIn } from '../../config/repositories.ts';
import { readSpecFile } from '../../lint/lint-file.ts';
import { plain, print } from '../../terminal/output.ts';
import { exitOf, summary } from '../../terminal/summary.ts';
import { type AskOptions, askFlags, runAsk } from './run-ask.ts';

interface SplitAnswer {
  parts?: unknown[];
  reason?: string;
}

interface SplitOptions extends AskOptions {
  write?: boolean;
}

export function register(program: Command): void {
  const command = askFlags(
    program
      .command('split <file>')
      .description('let an agent propose the parts of a campaign for a task spec')
      .option('--write', 'write the parts into the file'),
    'agent profile of the policy that proposes the parts',
  ).addHelpText(
    'after',
    `
Examples:
  drydock split .agent-tasks/MIGRATE-1.md            prints the parts
  drydock split .agent-tasks/MIGRATE-1.md --write    adds them to the file as campaign.parts
  drydock split MIGRATE-1.md --stack Drydock         asks an agent of a deployment`,
  );
  action<[string], SplitOptions>(command, async (output, options, file) => {
    const bytes = readSpecFile(file);
    const request = { bytes, file, ...defined({ agent: options.agent }) };
    const { run, read: answer } = await runAsk<SplitAnswer>(output, options, {
      method: 'split',
      remote: () => request,
      local: () => {
        const standing = standingIn(readSpec(file, bytes).spec?.repository, process.cwd());
        const { policy } = loadPolicy({
          repositories: new Map(),
          ...defined({ standing, policy: options.policy, as: options.as }),
        });
        const requester = personId(policy, requesterName(options.as));
        return { policy, requester, start: (service) => service.split({ ...request, policy, requester }) };
      },
      read: async (service, { runId, status }) =>
        status === 'delivered' ? ((await service.evidence(runId)).answer as SplitAnswer) : {},
    });
    const { parts, reason } = answer;
    if (options.write && parts !== undefined) write(file, parts);
    print(output, { ...run, parts: parts ?? null, reason: reason ?? null }, () => [
      ...summary(run, output),
      ...(reason === undefined ? [] : [`One agent does it as well: ${plain(reason)}`]),
      ...(parts === undefined ? [] : plain(yamlOf(parts)).split('\n')),
    ]);
    return exitOf(run);
  });
}

/** Without the lists that are empty. */
const yamlOf = (parts: unknown[]): string =>
  stringify(
    { campaign: { parts } },
    (_key, value) => (Array.isArray(value) && value.length === 0 ? undefined : value),
    { aliasDuplicateObjects: false },
  ).trimEnd();

/** Adds the parts to a spec. @throws SpecInvalid if the file has a campaign, or would not be valid; then it stays as it is. */
function write(file: string, parts: unknown[]): void {
  const text = readFileSync(file, 'utf8');
  const refuse = (why: string) => new DrydockError('SpecInvalid', `${file}: ${why}`);
  if (/^campaign:/m.test(text)) throw refuse('It has a campaign already; take it out first.');
  const added = `${yamlOf(parts)}\n`;
  const end = text.startsWith('---') ? text.indexOf('\n---', 3) + 1 : text.length;
  const next = `${text.slice(0, end)}${text.endsWith('\n') || end < text.length ? '' : '\n'}${added}${text.slice(end)}`;
  const { valid, problems } = lintSpec(file, Buffer.from(next));
  if (!valid) throw refuse(problems.map(({ rule, message }) => `${rule}: ${message}`).join('; '));
  writeFileSync(file, next);
}
