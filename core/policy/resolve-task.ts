import { DrydockError, type ErrorName } from '../errors.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import { parsedSpec, type ReadSpec } from '../task-spec/parse.ts';
import { applyPolicy } from './merge.ts';
import type { Policy } from './schema.ts';

/**
 * Merges a spec with the policy. Submit calls it once per run and stores the result for the steps.
 * @throws SpecInvalid, PolicyRefused and the other refusals of the policy; message and `details` contain every fault.
 */
export function resolveTask(
  read: ReadSpec,
  policy: Policy,
  by: { requester: string; barred?: readonly string[]; agentOverride?: string },
): EffectiveTask {
  const parsed = parsedSpec(read);
  const errors = parsed.problems.filter((problem) => problem.severity === 'error');
  if (!parsed.spec || errors.length > 0) {
    throw new DrydockError(
      'SpecInvalid',
      errors.map((p) => `${read.file}:${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n'),
      { details: errors },
    );
  }
  const spec = by.agentOverride === undefined ? parsed.spec : { ...parsed.spec, agent: by.agentOverride };
  const { task, problems } = applyPolicy(spec, policy, by.requester, by.barred);
  const first = problems[0];
  if (first || !task) {
    const name: ErrorName = first?.name ?? 'PolicyRefused';
    throw new DrydockError(name, problems.map((p) => `${p.path}: ${p.message}`).join('\n'), { details: problems });
  }
  return task;
}
