import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { lintSpec } from '../../../core/task-spec/lint/lint.ts';
import { readSpec } from '../../../core/task-spec/parse.ts';
import type { RunView } from '../../../pipeline/service/service.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption } from '../../command.ts';
import { loadPolicy, personId, requesterName } from '../../config/load-policy.ts';
import { standingIn } from '../../config/repositories.ts';
import { readSpecFile } from '../../lint/lint-file.ts';
import { dataFolder } from '../../local/data-folder.ts';
import { type Driver, sandboxOf, sandboxOption } from '../../local/sandbox-choice.ts';
import { openSession } from '../../local/session.ts';
import { follow } from '../../terminal/follow.ts';
import { plain, print } from '../../terminal/output.ts';
import { exitOf, summary } from '../../terminal/summary.ts';

interface SplitAnswer {
  parts?: unknown[];
  reason?: string;
}

interface SplitOptions extends CommonOptions {
  agent?: string;
  write?: boolean;
  sandbox?: Driver;
  unsafeNoSandbox?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('split <file>')
    .description('let an agent propose the parts of a campaign for a task spec')
    .option('--write', 'write the parts into the file')
    .option(...policyOption)
    .option('--agent <profile>', 'agent profile of the policy that proposes the parts')
    .option(...asOption)
    .option(...dataOption)
    .addOption(sandboxOption())
    .option('--unsafe-no-sandbox', 'run without isolation if none is available; the agent can then change this machine')
    .addHelpText(
      'after',
      `
Examples:
  drydock split .agent-tasks/MIGRATE-1.md            prints the parts
  drydock split .agent-tasks/MIGRATE-1.md --write    adds them to the file as campaign.parts`,
    );
  action<[string], SplitOptions>(command, async (output, options, file) => {
    const bytes = readSpecFile(file);
    const read = readSpec(file, bytes);
    const standing = standingIn(read.spec?.repository, process.cwd());
    const { policy } = loadPolicy({
      repositories: new Map(),
      ...defined({ standing, policy: options.policy, as: options.as }),
    });
    const requester = personId(policy, requesterName(options.as));
    const session = await openSession({
      dataDir: dataFolder(options.data),
      messages: policy,
      sandbox: sandboxOf(policy, options.sandbox),
      ...defined({ unsafeNoSandbox: options.unsafeNoSandbox }),
    });
    let run: RunView;
    let answer: SplitAnswer = {};
    try {
      const { runId } = await session.service.split({
        bytes,
        file,
        policy,
        requester,
        ...defined({ agent: options.agent }),
      });
      await session.server?.resume();
      run = await follow(session, runId, output, { yes: false, as: requester });
      if (run.status === 'delivered') answer = (await session.service.evidence(runId)).answer as SplitAnswer;
      await session.linger?.();
    } finally {
      await session.close();
    }
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
