import { spawnSync } from 'node:child_process';
import { type Guess, guess } from '../../core/installation/guess/guess.ts';
import { placeholders } from '../../core/task-spec/placeholders.ts';
import { workTreeFiles } from '../../sandbox/work-tree-files.ts';
import { filesOf } from './repositories.ts';

/** How the repository of a work tree is built and tested. */
export const guessToolchain = (root: string): Guess =>
  guess(workTreeFiles(root), filesOf(root), { python: ownPython, java: ownJava });

function ownPython(): string | undefined {
  const { stdout } = spawnSync('python3', ['--version'], { cwd: '/', encoding: 'utf8', timeout: 10_000 });
  return /^Python (3\.\d{1,3})\./.exec(stdout ?? '')?.[1];
}

function ownJava(): number | undefined {
  const { stderr } = spawnSync('java', ['-version'], { cwd: '/', encoding: 'utf8', timeout: 10_000 });
  const version = /version "(?:1\.)?(\d{1,3})/.exec(stderr ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Lines of a spec's `sandbox`, without its own. */
export const sandboxLines = (tool: Guess): string[] => [
  `  runtime: ${JSON.stringify(tool.runtime)}`,
  ...(tool.packageManager === undefined ? [] : [`  package_manager: ${tool.packageManager}`]),
  ...(tool.roots === undefined ? [] : [`  roots: ${JSON.stringify(tool.roots)}`]),
  ...(tool.setupCommand === undefined ? [] : [`  setup_command: ${JSON.stringify(tool.setupCommand)}`]),
  ...(tool.buildCommand === undefined ? [] : [`  build_command: ${JSON.stringify(tool.buildCommand)}`]),
  `  test_command: ${JSON.stringify(tool.testCommand)}`,
];

/** Text as a YAML scalar; in quotes if YAML could read it as something else. */
export const yamlText = (text: string): string =>
  /^[A-Za-z][A-Za-z0-9._/-]*$/.test(text) && !/^(?:true|false|null)$/i.test(text) ? text : JSON.stringify(text);

/** A spec template, with the repository, branch and toolchain filled in. */
export function specTemplate({
  taskId,
  repository,
  branch,
  root,
}: {
  taskId: string;
  repository: string;
  branch: string;
  root: string;
}): string {
  const tool = guessToolchain(root);
  const lines = [
    `task_id: ${JSON.stringify(taskId)}`,
    `title: ${placeholders.title}`,
    `repository: ${yamlText(repository)}`,
    `target_branch: ${yamlText(branch)}`,
    `output_branch_prefix: agent/${taskId.toLowerCase()}`,
    'instructions: |',
    `  ${placeholders.instructions}`,
    'constraints:',
    `  - ${placeholders.constraint}`,
    'excluded_paths: []',
    'success_criteria:',
    `  - ${JSON.stringify(`${tool.testCommand} passes`)}`,
    'sandbox:',
    ...sandboxLines(tool),
    'budget:',
    '  max_usd: 2',
    'review:',
    '  require_human_approval: true',
    '  required_reviewers: 1',
  ];
  return `${lines.join('\n')}\n`;
}
