import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import type { Guess } from '../../core/installation/guess/guess.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';
import { action, asOption, type CommonOptions } from '../command.ts';
import { askGit } from '../config/git.ts';
import { loadPolicy, policyFile, requesterName } from '../config/load-policy.ts';
import { branchOf, repositoryName } from '../config/own-repository.ts';
import { withRepository } from '../config/policy-text.ts';
import { filesOf, gitRoot } from '../config/repositories.ts';
import { guessToolchain, sandboxLines, yamlText } from '../config/toolchain.ts';
import { installChecks } from '../lint/installable.ts';
import { invalidSpecs } from '../lint/lint.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, print, withError } from '../terminal/output.ts';

export function register(program: Command): void {
  action<[], InitOptions>(
    program
      .command('init')
      .description('write a policy and a first spec for the current repository, and lint the spec')
      .option('--policy <file>', 'file to write the policy to (default: ~/.config/drydock/policy.yaml)')
      .option(...asOption)
      .option('--offline', 'do not ask the package registries whether they answer')
      .addHelpText(
        'after',
        '\nThe policy belongs to the operator, not to the repository: Drydock never reads it from a commit. Existing files are not overwritten.',
      ),
    (output, options) => init(output, options),
  );
}

const firstTask = 'AGENTS-GUIDE-001';

interface InitOptions extends CommonOptions {
  offline?: boolean;
}

async function init(output: Output, options: InitOptions): Promise<ExitCode> {
  const root = gitRoot(process.cwd());
  if (root === undefined) {
    throw new DrydockError('UnknownRepository', 'You stand outside of any git repository.', {
      remedy: 'Change to a git repository, or create one: git init.',
    });
  }
  const branch = branchOf(root);
  if (!askGit(root, 'rev-parse', '--verify', '--quiet', 'HEAD')) {
    throw new DrydockError('UnknownRepository', `${root} has no commit yet.`, {
      remedy: 'Create a commit first: a run starts from a commit.',
    });
  }
  const tool = guessToolchain(root);
  const policy = policyFile(options.policy);
  const spec = join(root, '.agent-tasks', `${firstTask}.yaml`);
  const written: string[] = [];
  const who = requesterName(options.as);

  const agentFolder = join(dirname(policy), 'agents', 'guide');
  const named = existsSync(spec) ? parseSpec(spec, readFileSync(spec)).spec?.repository : undefined;
  const known = existsSync(policy) ? loadPolicy({ policy, repositories: new Map() }).policy : undefined;
  const name = repositoryName(root, known, named);
  const ci = ciFiles(root).filter((file) => !file.startsWith('.github/'));
  if (!known) {
    write(policy, policyText({ name, root, who, ci, agentFolder }));
    written.push(policy);
    const agent = join(agentFolder, 'agent.mjs');
    if (!existsSync(agent)) {
      write(agent, agentText);
      written.push(agentFolder);
    }
  } else if (!Object.hasOwn(known.repositories, name)) {
    const { protected_paths: protectedPaths } = known;
    const text = readFileSync(policy, 'utf8');
    writeFileSync(policy, withRepository(text, { name, root, protectedPaths, protect: ci }));
    written.push(policy);
  }
  if (!existsSync(spec)) {
    write(spec, specText({ name, branch, tool }));
    written.push(spec);
  }
  const { policy: parsed, problems } = parsePolicy(readFileSync(policy));
  const faults = problems.filter((problem) => problem.severity === 'error');
  if (faults[0])
    throw new DrydockError(
      'PolicyInvalid',
      faults.map((p) => `${policy}:${p.line}:${p.column} ${p.message}`).join('\n'),
    );
  const report = lintSpec(spec, readFileSync(spec), { files: filesOf(root) }, parsed);
  if (report.valid) {
    const check = installChecks({ root, policy: parsed, offline: options.offline === true });
    report.problems.push(...(await check(spec)).map((problem) => ({ ...problem, severity: 'warning' as const })));
  }
  const next = `drydock run ${join('.agent-tasks', basename(spec))} --yes`;
  const error = invalidSpecs([{ file: spec, report }]);
  print(
    output,
    {
      repository: name,
      policy,
      spec,
      written,
      toolchain: tool,
      valid: report.valid,
      clarity: report.clarity,
      problems: report.problems,
      next,
      ...withError(error),
    },
    () => [
      `repository  ${name} (${root}), branch ${branch}`,
      `toolchain   ${tool.runtime}${tool.packageManager ? `, ${tool.packageManager}` : ''}, tests by \`${tool.testCommand}\``,
      ...written.map((file) => `wrote       ${file}`),
      ...(written.length === 0 ? ['All files exist already; nothing was written.'] : []),
      `lint        ${report.valid ? 'valid' : 'invalid'}, clarity ${report.clarity}/100`,
      ...report.problems.map((p) => `  ${spec}:${p.line}:${p.column}  ${p.rule}  ${p.message}`),
      `next        ${next}`,
    ],
  );
  return error?.exit ?? 0;
}

function ciFiles(root: string): string[] {
  const workflows = join(root, '.github', 'workflows');
  const names = existsSync(workflows) ? readdirSync(workflows).map((name) => `.github/workflows/${name}`) : [];
  return [
    ...names,
    ...['.gitlab-ci.yml', 'Jenkinsfile', '.circleci/config.yml'].filter((name) => existsSync(join(root, name))),
  ];
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { flag: 'wx' });
}

function policyText({
  name,
  root,
  who,
  ci,
  agentFolder,
}: {
  name: string;
  root: string;
  who: string;
  ci: string[];
  agentFolder: string;
}): string {
  return `# The policy of Drydock on this machine. It is never read from a commit. Check it with: drydock policy check
version: 1
people:
  ${JSON.stringify(who)}: {}
repositories:
  ${JSON.stringify(name)}: {host: git, url: ${JSON.stringify(root)}}
agents:
  default: guide
  profiles:
    # A program of your own: it writes AGENTS.md for the first task.
    guide: {kind: command, command: [node, /agent/agent.mjs], files: ${JSON.stringify(agentFolder)}}
    # An agent with a model. Install it (npm install --global @google/gemini-cli), set GEMINI_API_KEY, and run with --agent gemini.
    gemini: {kind: acp, command: [gemini, --acp], provider: google, model: gemini-2.5-pro}
models: {allow: ["google/*"]}
egress: {registries: [npm, pypi, maven, go, crates], hosts: []}
limits: {usd_per_run: 5, timeout_minutes: 30}
# Solo: you may approve your own runs, and the pull request says so. To change this, list other approvers.
review: {approvers: [${JSON.stringify(who)}], required_reviewers: 1, solo: true}
protected_paths: [".github/**", ".agent-tasks/**"${ci.map((file) => `, ${JSON.stringify(file)}`).join('')}]
`;
}

function specText({ name, branch, tool }: { name: string; branch: string; tool: Guess }): string {
  return `task_id: ${firstTask}
title: Write AGENTS.md for the next contributor to this repository
repository: ${yamlText(name)}
target_branch: ${yamlText(branch)}
output_branch_prefix: agent/agents-guide
instructions: |
  Write \`AGENTS.md\` in the root of the repository: the purpose of each folder, how to install, build and test.
  Keep it under 60 lines, and name only files and commands that exist.
constraints:
  - Change only AGENTS.md
excluded_paths:
  - src/**
success_criteria:
  - says: AGENTS.md exists and says how to test
    run: grep -q -i test AGENTS.md
sandbox:
${sandboxLines(tool).join('\n')}
  timeout_minutes: 15
budget:
  max_usd: 1
review:
  require_human_approval: true
  required_reviewers: 1
`;
}

const agentText = `// A command agent; any program can be one. It runs in the repository, and Drydock collects its changes when it ends.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folders = readdirSync('.', { withFileTypes: true }).filter((e) => e.isDirectory() && !e.name.startsWith('.') && e.name !== 'node_modules');
const scripts = existsSync('package.json') ? (JSON.parse(readFileSync('package.json', 'utf8')).scripts ?? {}) : {};
const before = existsSync('AGENTS.md') ? readFileSync('AGENTS.md', 'utf8').trimEnd() + '\\n\\n' : '# For agents, and people\\n\\n';
const lines = [
  '## Folders',
  ...folders.map((e) => '- \`' + e.name + '/\`: ' + readdirSync(e.name).length + ' entries'),
  '',
  '## Commands',
  ...Object.entries(scripts).map(([name, command]) => '- \`npm run ' + name + '\`: \`' + command + '\`'),
  '- Test before you stop; the task says by which command.',
];
writeFileSync('AGENTS.md', before + lines.join('\\n') + '\\n');
console.log('Wrote AGENTS.md');
`;
