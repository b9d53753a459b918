import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeholders } from '../../core/task-spec/placeholders.ts';

export interface Toolchain {
  runtime: string;
  packageManager?: string;
  testCommand: string;
  buildCommand?: string;
}

/** Detects how a repository is built and tested, from lock files, `engines` and scripts. */
export function detectToolchain(root: string): Toolchain {
  const has = (name: string): boolean => existsSync(join(root, name));
  if (has('package.json')) {
    const manager = has('pnpm-lock.yaml') ? 'pnpm' : has('yarn.lock') ? 'yarn' : 'npm';
    const { scripts = {}, engines = {} } = readJson(join(root, 'package.json'));
    return {
      runtime: `node:${/\d+/.exec(engines.node ?? '')?.[0] ?? '24'}`,
      packageManager: manager,
      testCommand: scripts.test === undefined ? 'node --test' : `${manager} test`,
      ...(scripts.build === undefined ? {} : { buildCommand: `${manager} run build` }),
    };
  }
  if (has('pyproject.toml') || has('requirements.txt')) {
    const manager = has('uv.lock') ? 'uv' : has('poetry.lock') ? 'poetry' : 'pip';
    return {
      runtime: 'python:3.13',
      packageManager: manager,
      testCommand: manager === 'pip' ? 'python3 -m pytest' : `${manager} run pytest`,
    };
  }
  if (has('pom.xml'))
    return { runtime: 'maven:3-eclipse-temurin-21', packageManager: 'maven', testCommand: 'mvn --batch-mode test' };
  if (has('go.mod')) return { runtime: 'golang:1', packageManager: 'go', testCommand: 'go test ./...' };
  if (has('Cargo.toml')) return { runtime: 'rust:1', packageManager: 'cargo', testCommand: 'cargo test' };
  return { runtime: 'node:24', testCommand: 'true' };
}

function readJson(file: string): { scripts?: Record<string, string>; engines?: Record<string, string> } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof readJson>;
  } catch {
    return {};
  }
}

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
  const tool = detectToolchain(root);
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
    `  runtime: ${JSON.stringify(tool.runtime)}`,
    ...(tool.packageManager === undefined ? [] : [`  package_manager: ${tool.packageManager}`]),
    ...(tool.buildCommand === undefined ? [] : [`  build_command: ${tool.buildCommand}`]),
    `  test_command: ${JSON.stringify(tool.testCommand)}`,
    'budget:',
    '  max_usd: 2',
    'review:',
    '  require_human_approval: true',
    '  required_reviewers: 1',
  ];
  return `${lines.join('\n')}\n`;
}
