import { readFileSync, realpathSync } from 'node:fs';
import { detectAll } from '../../core/installation/detect.ts';
import { archiveRule, describeFromGit } from '../../core/installation/from-git.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';
import type { TaskSpec } from '../../core/task-spec/schema.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import { workTreeFiles } from '../../sandbox/work-tree-files.ts';
import { lackingFiles } from './lacking.ts';

interface Here {
  root: string;
  policy: Policy | undefined;
  /** Whether registries are not asked. */
  offline: boolean;
}

/**
 * Finds out before a run what a sandbox could not install: lock files of an unknown format, packages without a lock file
 * and, where the run takes place on this machine, toolchains and registries that it lacks.
 */
export function installChecks({ root, policy, offline }: Here): (file: string) => Promise<Problem[]> {
  const files = workTreeFiles(root);
  const known = new Map<string, Promise<Omit<Problem, 'line' | 'column'>[]>>();
  return async (file) => {
    const bytes = readFileSync(file);
    const { spec } = parseSpec(file, bytes);
    if (spec === undefined || !isOf(spec, root, policy)) return [];
    const { runtime, package_manager, roots = ['.'] } = spec.sandbox;
    const key = JSON.stringify([runtime, package_manager, roots, spec.sandbox.setup_command, spec.repository]);
    let found = known.get(key);
    if (found === undefined) {
      found = check(spec);
      known.set(key, found);
    }
    const lines = bytes.toString('utf8').split('\n');
    const line =
      Math.max(
        0,
        lines.findIndex((text) => text.startsWith('sandbox:')),
      ) + 1;
    return [...(await found), ...lackingFiles(root, spec, policy)].map((problem) => ({ ...problem, line, column: 1 }));
  };

  async function check({ repository, sandbox }: TaskSpec): Promise<Omit<Problem, 'line' | 'column'>[]> {
    const { runtime, package_manager, roots = ['.'], setup_command } = sandbox;
    const { installations, faults, unlocked, fromGit } = detectAll(files, roots, package_manager);
    const problems: Omit<Problem, 'line' | 'column'>[] = faults.map(({ path, line, message, remedy }) => ({
      severity: 'error',
      rule: 'InstallFailed',
      message: `${path}${line === undefined ? '' : `:${line}`}: ${message}. ${remedy}`,
    }));
    for (const each of fromGit)
      if (!sandbox.egress.includes(archiveRule(each.url)?.host ?? ''))
        problems.push({ severity: 'error', rule: 'dependency-from-git', message: describeFromGit(each) });
    if (setup_command === undefined)
      for (const { path } of unlocked)
        problems.push({
          severity: 'warning',
          rule: 'no-lock-file',
          message: `${path} names packages and has no lock file beside it, so none is installed. Commit a lock file, or install them in setup_command.`,
        });
    // A run on this machine; a deployment has its own images, and checks them itself.
    if (policy?.repositories[repository]?.host !== 'git' || offline) return problems;
    const { missingHere } = await import('../local/compose.ts');
    const missing = await missingHere(runtime, installations, files, policy.egress.registries);
    return [...problems, ...missing.map(({ severity, message }) => ({ severity, rule: 'not-installable', message }))];
  }
}

/** Whether the spec is about the repository of the work tree. */
function isOf(spec: TaskSpec, root: string, policy: Policy | undefined): boolean {
  const listed = policy?.repositories[spec.repository];
  if (listed?.host !== 'git') return true;
  try {
    return realpathSync(listed.url) === root;
  } catch {
    return false;
  }
}
