import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { modulesOf } from '../../adapters/local/agents/installed.ts';
import { packageRoot } from '../../common/package-info.ts';
import { agents } from '../../core/agents/agents.ts';
import type { AgentName } from '../../core/agents/names.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { gitCommand } from '../../core/git/command.ts';
import { action, type CommonOptions } from '../command.ts';
import { dataFolder } from '../local/data-folder.ts';
import { hasProgram } from '../local/programs.ts';
import { type Driver, sandboxOption } from '../local/sandbox-choice.ts';
import { openSession } from '../local/session.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { follow } from '../terminal/follow.ts';
import { type Output, print } from '../terminal/output.ts';
import { exitOf, summary } from '../terminal/summary.ts';
import { runSpec } from './run-spec.ts';

/** What the demo works on: a task, its repository below `examples`, and the program in place of an agent. */
interface Subject {
  task: string;
  repository: string;
  program: string;
  message: string;
}
const rounding: Subject = {
  task: 'DEMO-ROUNDING-001',
  repository: 'demo',
  program: 'demo-agent',
  message: 'A small project, and a task for it',
};
const migration: Subject = {
  task: 'DEMO-CAMPAIGN-001',
  repository: 'campaign',
  program: 'campaign-agent',
  message: 'A shop with 24 test files in an old style, and a task to migrate them',
};

export function register(program: Command): void {
  action<[], CommonOptions & { sandbox?: Driver; agent?: AgentName; campaign?: boolean }>(
    program
      .command('demo')
      .description('run a small task from spec to draft pull request, in a fresh folder; needs no key and no account')
      .option('--campaign', 'several agents on one goal: a coordinator and three workers migrate 24 test files')
      .addOption(sandboxOption())
      .addOption(
        new Option('--agent <name>', 'the agent that does it (default: gemini if it is installed)').choices(
          Object.keys(models),
        ),
      )
      .addHelpText(
        'after',
        '\nExamples:\n  drydock demo\n  drydock demo --campaign\n\nWith an agent, the model’s answers come from a recorded session; if the key of its provider is set too, the demo calls the model. Without one a small program is the agent. Everything else is real.',
      ),
    (output, options) => demo(output, options.campaign ? migration : rounding, options.sandbox, options.agent),
  );
}

/** A fresh repository, policy and data folder, then an ordinary `run --yes`. */
async function demo(
  output: Output,
  { task, repository, program, message }: Subject,
  sandbox: Driver | undefined,
  asked: AgentName | undefined,
): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-demo-'));
  const repo = join(folder, 'invoices');
  const root = packageRoot();
  cpSync(join(root, 'examples', repository), repo, { recursive: true });
  mkdirSync(join(repo, '.agent-tasks'));
  const spec = join(repo, '.agent-tasks', `${task}.md`);
  cpSync(join(root, '.agent-tasks', `${task}.md`), spec);
  const policy = join(folder, 'drydock.policy.yaml');
  const agent = asked ?? (isInstalled('gemini') ? 'gemini' : undefined);
  if (agent === undefined) {
    output.err('gemini is not installed, so a small program makes the change, and no model is called.');
    output.err('To see the recorded session of a model: drydock agents add gemini');
  } else if (!isInstalled(agent)) {
    throw new DrydockError('AgentUnavailable', `${agents[agent].title} is not installed.`, {
      remedy: `Install it: drydock agents add ${agent}`,
    });
  }
  const data = join(folder, 'data');
  if (agent !== undefined && existsSync(modulesOf(dataFolder(undefined), agent))) {
    // The demo has a data folder of its own; the agents are those of the usual one.
    mkdirSync(data, { mode: 0o700 });
    symlinkSync(join(dataFolder(undefined), 'agents'), join(data, 'agents'));
  }
  writeFileSync(
    policy,
    policyText(agent === undefined ? programProfile(join(root, 'examples', program)) : profileOf(agent)),
  );
  const git = (...args: string[]): void => {
    const command = gitCommand(['-c', 'user.name=Demo', '-c', 'user.email=demo@localhost', ...args], process.env);
    execFileSync('git', command.args, { cwd: repo, env: command.env, stdio: 'ignore' });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', message);

  const session = join(root, 'examples', 'sessions', `${task}${agent === 'codex' ? '-codex' : ''}`);
  if (!existsSync(session)) throw new DrydockError('FileUnreadable', `The recorded session ${session} is missing.`);
  output.err(`Created a repository with a task: ${repo}`);
  const replay = agent === undefined ? undefined : session;
  const run = await runSpec(
    output,
    {
      json: output.json,
      repo: [`drydock/demo=${repo}`],
      policy,
      data,
      as: 'you@localhost',
      yes: true,
      attempt: 1,
      ...defined({ sandbox, replay }),
    },
    spec,
  );
  const lesson = await lessonOf(output, data, replay);
  const look = `git -C ${repo} log -1 --stat ${run.branch}`;
  print(output, { ...run, repository: repo, ...defined({ lesson }) }, () => [
    ...summary(run, output),
    ...(run.commit === null ? [] : [`  look    ${look}`]),
    ...(lesson === undefined ? [] : [`  lesson  git -C ${repo} show ${lesson}`]),
  ]);
  return exitOf(run);
}

/** The branch of the lessons that an agent proposes of the corrected run; undefined if there is nothing to learn. */
async function lessonOf(output: Output, dataDir: string, replay: string | undefined): Promise<string | undefined> {
  const session = await openSession({ dataDir, ...defined({ replaySession: replay }) });
  try {
    await session.server?.resume();
    const learning = (await session.service.list()).find(({ kind }) => kind === 'learn');
    if (!learning) return undefined;
    output.err('The parts conflicted, so an agent proposes a lesson for the next runs:');
    const run = await follow(session, learning.runId, output, { yes: true, as: 'you@localhost' });
    return run.commit === null ? undefined : run.branch;
  } finally {
    await session.close();
  }
}

/** The agents with a recorded session, and the model that it was recorded with. */
const models: Partial<Record<AgentName, string>> = { gemini: 'gemini-2.5-pro', codex: 'gpt-5' };
const profileOf = (agent: AgentName): string => `{agent: ${agent}, model: ${models[agent]}}`;
const isInstalled = (agent: AgentName): boolean =>
  existsSync(modulesOf(dataFolder(undefined), agent)) || hasProgram(agents[agent].program);
const programProfile = (files: string): string =>
  `{kind: command, command: [node, /agent/agent.mjs], files: ${JSON.stringify(files)}}`;

/** In a campaign the coordinator plans, and its workers carry out. */
const planning = (profile: string, plans = true): string => profile.replace(/}$/, `, plans: ${plans}}`);

const policyText = (profile: string): string => `version: 1
people:
  reviewer: {email: reviewer@example.com}
repositories:
  drydock/demo: {host: git, url: ./invoices}
agents:
  default: careful
  profiles:
    careful: ${profile}
    coordinator: ${planning(profile)}
    worker: ${planning(profile, false)}
limits: {usd_per_run: 2, timeout_minutes: 10}
knowledge: {learn: true, agent: coordinator}
review: {approvers: [reviewer], required_reviewers: 1}
`;
