import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { isActive, parseLesson } from '../../core/knowledge/parse.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import { meets, selectLessons } from '../../core/knowledge/select.ts';
import { formatUsd, usdOf } from '../../core/money/format.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { roughTokens } from '../../core/prompt/budget.ts';
import { buildPrompt, promptVersion } from '../../core/prompt/build.ts';
import { parseSpec, readSpec } from '../../core/task-spec/parse.ts';
import { unfilled } from '../../core/task-spec/placeholders.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption, withSession } from '../command.ts';
import { requesterName } from '../config/home.ts';
import { loadPolicy, personId } from '../config/load-policy.ts';
import { branchOf, repositoryName } from '../config/own-repository.ts';
import { filesOf, gitRoot, repositoriesOf, standingIn } from '../config/repositories.ts';
import { markdownFiles, readBytes } from '../config/task-files.ts';
import { specTemplate } from '../config/toolchain.ts';
import { lint } from '../lint/lint.ts';
import { readSpecFile } from '../lint/lint-file.ts';
import { plain, print } from '../terminal/output.ts';

export function register(program: Command): void {
  action<[string[]], CommonOptions & { fix?: boolean; schema?: boolean; offline?: boolean }>(
    program
      .command('lint [files...]')
      .description('check specs: form, clarity, how to delegate them, and what cannot be installed')
      .option('--fix', 'fix problems that have only one possible fix')
      .option('--offline', 'do not look for toolchains and registries')
      .option('--schema', 'print the JSON Schema of a spec, for editors')
      .option(...policyOption)
      .addHelpText('after', '\nExamples:\n  drydock lint .agent-tasks/*.yaml\n  drydock lint --fix FIX-1.yaml --json'),
    async (output, options, files) => lint(output, options, files),
  );

  action<[string], CommonOptions & { repo: string[] }>(
    program
      .command('estimate <file>')
      .description('estimate the cost of a run, and compare it with the budget; starts no agent')
      .option(
        '--repo <name=path>',
        'path of the spec’s repository',
        (value: string, all: string[]) => [...all, value],
        [],
      )
      .option(...policyOption)
      .option(...asOption)
      .option(...dataOption),
    async (output, options, file) => {
      const bytes = readSpecFile(file);
      const { policy } = policyFor(options, bytes, file, options.repo);
      const requester = personId(policy, requesterName(options.as));
      const { estimate, budget } = await withSession(options, (session) =>
        session.service.estimate({ file, policy, requester, bytes }),
      );
      const usd = {
        low: usdOf(estimate.micros.low),
        expected: usdOf(estimate.micros.expected),
        high: usdOf(estimate.micros.high),
      };
      const taskId = parseSpec(file, bytes).taskId ?? null;
      const left = budget && {
        team: budget.team,
        sprint: budget.sprint,
        limitUsd: usdOf(budget.limitMicros),
        leftUsd: usdOf(budget.limitMicros - budget.committedMicros),
      };
      print(
        output,
        {
          taskId,
          usd,
          breakdown: estimate.breakdown,
          advice: estimate.advice,
          budget: left,
          ...defined({ priceNote: estimate.priceNote }),
        },
        () => [
          `${taskId}: ${formatUsd(estimate.micros.expected)} expected (${formatUsd(estimate.micros.low)} to ${formatUsd(estimate.micros.high)}, at most ${formatUsd(estimate.capMicros)})`,
          `  ${estimate.advice.mode}, ${estimate.advice.costClass}: ${plain(estimate.advice.reason)}`,
          ...(estimate.priceNote === undefined ? [] : [`  ${plain(estimate.priceNote)}`]),
          ...(left
            ? [
                `  team ${left.team} has $${left.leftUsd.toFixed(2)} of $${left.limitUsd.toFixed(2)} left in this sprint`,
              ]
            : []),
        ],
      );
      return 0;
    },
  );

  action<[string], CommonOptions & { repo: string[]; phase: 'plan' | 'build' }>(
    program
      .command('prompt <file>')
      .description('print the prompt that an agent gets for a spec')
      .addOption(new Option('--phase <phase>', 'phase of a first round').choices(['plan', 'build']).default('build'))
      .option(
        '--repo <name=path>',
        'path of the spec’s repository',
        (value: string, all: string[]) => [...all, value],
        [],
      )
      .option(...policyOption)
      .option(...asOption),
    async (output, options, file) => {
      const bytes = readSpecFile(file);
      const { policy } = policyFor(options, bytes, file, options.repo);
      const task = resolveTask(readSpec(file, bytes), policy, {
        requester: personId(policy, requesterName(options.as)),
      });
      const { phase } = options;
      const { spec, constraints } = task;
      // The plan of a build is written later, by an agent or from the spec.
      const prompt = buildPrompt({
        phase,
        spec,
        constraints,
        work: { answers: [], addedConstraints: [] },
        feedback: [],
        lessons: lessonsFor(constraints.targetPaths),
      });
      const version = promptVersion;
      print(output, { phase, version, tokens: roughTokens(prompt), prompt }, () => [
        `# ${phase}, version ${version} of the prompts, about ${roughTokens(prompt)} tokens`,
        '',
        ...plain(prompt).split('\n'),
      ]);
      return 0;
    },
  );

  action<[string], CommonOptions & { repository?: string }>(
    program
      .command('new <task-id>')
      .description('write a spec template under .agent-tasks/')
      .option('--repository <name>', 'name of the repository in the policy')
      .option(...policyOption),
    async (output, options, taskId) => {
      const root = gitRoot(process.cwd()) ?? process.cwd();
      const file = join(root, '.agent-tasks', `${taskId}.yaml`);
      const repository = options.repository ?? repositoryName(root, knownPolicy(options));
      const text = specTemplate({ taskId, repository, branch: branchOf(root), root });
      const problems = parseSpec(file, Buffer.from(text)).problems.filter(
        ({ severity, rule }) => severity === 'error' && rule !== unfilled,
      );
      if (problems[0]) throw new DrydockError('UsageError', `${JSON.stringify(taskId)}: ${problems[0].message}`);
      if (existsSync(file))
        throw new DrydockError('UsageError', `${file} already exists.`, {
          remedy: 'Choose another task id, or edit the file.',
        });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
      print(output, { file, taskId }, () => [`Wrote ${file}`, `Next: fill it in, then drydock lint ${file}`]);
      return 0;
    },
  );
}

/** The lessons of the work tree that a first phase would get; a run reads them at its base commit. */
function lessonsFor(targets: readonly string[]): { slug: string; text: string }[] {
  const root = gitRoot(process.cwd());
  if (root === undefined) return [];
  const today = new Date().toISOString().slice(0, 10);
  const tree = filesOf(root);
  const lessons = markdownFiles(root, lessonFolder).flatMap((name) => {
    const path = `${lessonFolder}${name}`;
    const { lesson } = parseLesson(path, readBytes('lesson', join(root, path)));
    return lesson && isActive(lesson, today) ? [{ ...lesson, targeted: meets(lesson.applies_to, targets, tree) }] : [];
  });
  return selectLessons(lessons, []).chosen;
}

/** The policy, for the repository names in it; undefined if the default policy file is invalid. */
function knownPolicy({ policy }: CommonOptions): Policy | undefined {
  try {
    return loadPolicy({ repositories: new Map(), ...defined({ policy }) }).policy;
  } catch (error) {
    if (policy !== undefined || !(error instanceof DrydockError)) throw error;
    return undefined;
  }
}

function policyFor(options: CommonOptions, bytes: Uint8Array, file: string, repo: string[]): { policy: Policy } {
  const standing = standingIn(parseSpec(file, bytes).spec?.repository, process.cwd());
  return loadPolicy({
    repositories: repositoriesOf(repo, process.cwd()),
    ...defined({ standing, policy: options.policy, as: options.as }),
  });
}
