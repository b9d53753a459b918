import type { CompiledConstraints } from '../task-spec/constraints.ts';
import type { TaskSpec } from '../task-spec/schema.ts';
import type { Plan } from './schema.ts';

/**
 * The plan for a profile that does not plan, derived from the spec; its summary states this.
 * @param asked What people asked of another plan. Its prompt brings it to the agent that builds, so the plan shows it.
 */
export function derivePlan(spec: TaskSpec, constraints: CompiledConstraints, asked: readonly string[] = []): Plan {
  const checks = spec.success_criteria.map((criterion) =>
    typeof criterion === 'string' ? criterion : `${criterion.says} (\`${criterion.run}\`)`,
  );
  const names = spec.checkpoints.length > 0 ? spec.checkpoints : ['Carry out the instructions'];
  return {
    origin: 'spec',
    summary: 'Derived from the spec: this agent profile does not plan.',
    analysis: { touch_points: constraints.targetPaths, dependencies: [...spec.sandbox.dependencies] },
    research: [],
    phases: names.map((name) => ({
      name,
      files: constraints.targetPaths,
      steps: [spec.instructions, ...asked].map((text) => text.trim().slice(0, 4_000)),
      tests: [spec.sandbox.test_command, ...checks],
      checkpoint: spec.checkpoints.length > 0,
    })),
    impact: { components: constraints.targetPaths, breaking_changes: [] },
    risks: [],
    rollback: 'Close the pull request, or revert its merge commit; nothing outside the repository is changed.',
  };
}
