import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { parseSpec, readSpec } from '../../core/task-spec/parse.ts';
import { action, asOption, type CommonOptions, dataOption } from '../command.ts';
import { agentText, firstTask, guides, policyText, specText } from '../config/first-files.ts';
import { askGit } from '../config/git.ts';
import { requesterName } from '../config/home.ts';
import { loadPolicy, policyFile } from '../config/load-policy.ts';
import { branchOf, repositoryName } from '../config/own-repository.ts';
import { withRepository } from '../config/policy-text.ts';
import { filesOf, gitRoot } from '../config/repositories.ts';
import { guessToolchain } from '../config/toolchain.ts';
import { installChecks } from '../lint/installable.ts';
import { ignoredPaths } from '../lint/lacking.ts';
import { invalidSpecs } from '../lint/lint.ts';
import { dataFolder } from '../local/data-folder.ts';
import type { Preflight } from '../local/preflight.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print, withError } from '../terminal/output.ts';
import { refusedLines } from '../terminal/summary.ts';

export function register(program: Command): void {
  action<[], InitOptions>(
    program
      .command('init')
      .description('write a policy and a first spec for the current repository, and lint the spec')
      .option('--policy <file>', 'file to write the policy to (default: ~/.config/drydock/policy.yaml)')
      .option(...asOption)
      .option('--offline', 'do not ask the package registries whether they answer')
      .option('--check', 'install and test the repository in the sandbox, however long it takes')
      .option('--no-check', 'do not try it; by default it is tried for two minutes')
      .option(...dataOption)
      .addHelpText(
        'after',
        '\nExample:\n  drydock init --as lead\n\nThe policy belongs to the operator, not to the repository: Drydock never reads it from a commit. Existing files are not overwritten.',
      ),
    (output, options) => init(output, options),
  );
}

interface InitOptions extends CommonOptions {
  offline?: boolean;
  /** Undefined if neither `--check` nor `--no-check` was given. */
  check?: boolean;
}

/** Time for the check that was not asked for. */
const checkMs = 120_000;

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

  // The policy is read from any folder, and its paths are those from its own.
  const agentFolder = resolve(dirname(policy), 'agents', 'guide');
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
    const ignored = ignoredPaths(root, guides);
    const guide = guides.find((file) => !ignored.includes(file)) ?? guides[0];
    write(spec, specText({ name, branch, tool, guide }));
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
  const check =
    report.valid && parsed && options.check !== false
      ? await tryOut({ root, spec, policy: parsed, who, options, output })
      : undefined;
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
      ...(check === undefined ? {} : { check }),
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
      ...(check === undefined ? [] : describeCheck(check)),
      `next        ${next}`,
    ],
  );
  return error?.exit ?? (options.check === true && check?.ok === false ? 1 : 0);
}

/** Installs, builds and tests the current commit in a sandbox, as a run does before its agent. */
async function tryOut({
  root,
  spec,
  policy,
  who,
  options,
  output,
}: {
  root: string;
  spec: string;
  policy: Policy;
  who: string;
  options: InitOptions;
  output: Output;
}): Promise<Preflight> {
  const { preflight } = await import('../local/preflight.ts');
  return preflight({
    root,
    base: askGit(root, 'rev-parse', 'HEAD')?.trim() ?? '',
    task: resolveTask(readSpec(spec, readFileSync(spec)), policy, { requester: who }),
    dataDir: dataFolder(options.data),
    timeoutMs: options.check === true ? 2 ** 31 - 1 : checkMs,
    onEvent: (event) => {
      if (event.type === 'step' && event.status !== 'started')
        output.err(`check       ${plain(event.name)} ${event.status} in ${((event.ms ?? 0) / 1_000).toFixed(1)} s`);
    },
  });
}

function describeCheck({ ok, ended, seconds, error, refusals }: Preflight): string[] {
  if (ok) return [`check       the tests pass in the sandbox, in ${seconds} s`];
  if (!ended) return [`check       not finished within ${seconds} s; drydock init --check waits for it`];
  return [
    `check       ${error?.name}: ${plain(error?.message ?? '')
      .split('\n')
      .slice(0, 12)
      .join('\n            ')}`,
    `            remedy: ${error?.remedy}`,
    ...refusedLines(refusals, 'drydock init --check --json').map((line) => `          ${line}`),
  ];
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
