import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { packageRoot } from '../../common/package-info.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { gitCommand } from '../../core/git/command.ts';
import { action, type CommonOptions } from '../command.ts';
import { hasProgram } from '../local/programs.ts';
import { type Driver, sandboxOption } from '../local/sandbox-choice.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, print } from '../terminal/output.ts';
import { exitOf, summary } from '../terminal/summary.ts';
import { runSpec } from './run.ts';

const task = 'DEMO-ROUNDING-001';

export function register(program: Command): void {
  action<[], CommonOptions & { sandbox?: Driver }>(
    program
      .command('demo')
      .description('run a small task from spec to draft pull request, in a fresh folder; needs no key and no account')
      .addOption(sandboxOption())
      .addHelpText(
        'after',
        '\nIf gemini is installed, the model’s answers come from a recorded session; if GEMINI_API_KEY is set too, the demo calls the model. Without gemini a small program is the agent. Everything else is real.',
      ),
    (output, options) => demo(output, options.sandbox),
  );
}

/** A fresh repository, policy and data folder, then an ordinary `run --yes`. */
async function demo(output: Output, sandbox: Driver | undefined): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-demo-'));
  const repo = join(folder, 'invoices');
  const root = packageRoot();
  cpSync(join(root, 'examples', 'demo'), repo, { recursive: true });
  mkdirSync(join(repo, '.agent-tasks'));
  const spec = join(repo, '.agent-tasks', `${task}.md`);
  cpSync(join(root, '.agent-tasks', `${task}.md`), spec);
  const policy = join(folder, 'drydock.policy.yaml');
  const recorded = hasProgram('gemini');
  if (!recorded) {
    output.err('gemini is not installed, so a small program makes the change, and no model is called.');
    output.err('To see the recorded session of a model: npm install --global @google/gemini-cli');
  }
  writeFileSync(policy, policyText(recorded ? geminiProfile : programProfile(join(root, 'examples', 'demo-agent'))));
  const git = (...args: string[]): void => {
    const command = gitCommand(['-c', 'user.name=Demo', '-c', 'user.email=demo@localhost', ...args], process.env);
    execFileSync('git', command.args, { cwd: repo, env: command.env, stdio: 'ignore' });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'A small project, and a task for it');

  const session = join(root, 'examples', 'sessions', task);
  if (!existsSync(session)) throw new DrydockError('FileUnreadable', `The recorded session ${session} is missing.`);
  output.err(`Created a repository with a task: ${repo}`);
  const run = await runSpec(
    output,
    {
      json: output.json,
      repo: [`drydock/demo=${repo}`],
      policy,
      data: join(folder, 'data'),
      as: 'you@localhost',
      yes: true,
      attempt: 1,
      ...(recorded ? { replay: session } : {}),
      ...defined({ sandbox }),
    },
    spec,
  );
  const look = `git -C ${repo} log -1 --stat ${run.branch}`;
  print(output, { ...run, repository: repo }, () => [
    ...summary(run, output),
    ...(run.commit === null ? [] : [`  look    ${look}`]),
  ]);
  return exitOf(run);
}

const geminiProfile = '{kind: acp, command: [gemini, --acp], provider: google, model: gemini-2.5-pro}';
const programProfile = (files: string): string =>
  `{kind: command, command: [node, /agent/agent.mjs], files: ${JSON.stringify(files)}}`;

const policyText = (profile: string): string => `version: 1
people:
  reviewer: {email: reviewer@example.com}
repositories:
  drydock/demo: {host: git, url: ./invoices}
agents:
  default: careful
  profiles:
    careful: ${profile}
models: {allow: ["google/*"]}
limits: {usd_per_run: 2, timeout_minutes: 10}
review: {approvers: [reviewer], required_reviewers: 1}
`;
