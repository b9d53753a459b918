import { defined } from '../../core/defined.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { PhaseSpec } from '../../core/run/phase.ts';

/** Limits of a phase of a task. */
export const phaseLimitsOf = ({ limits }: EffectiveTask): PhaseSpec['limits'] => {
  const { timeoutMs, cpu, memoryMb, pids, diskMb } = limits;
  return { timeoutMs, cpu, memoryMb, pids, diskMb };
};

/** How the sandbox of a task's phases is prepared. */
export function phaseSandboxOf(task: EffectiveTask): PhaseSpec['sandbox'] {
  const { sandbox } = task.spec;
  return {
    runtime: sandbox.runtime,
    ...defined({ packageManager: sandbox.package_manager, roots: sandbox.roots }),
    dependencies: sandbox.dependencies,
    env: sandbox.env,
    ...defined({ setupCommand: sandbox.setup_command, buildCommand: sandbox.build_command }),
    ...defined({ services: servicesOf(task) }),
    testCommand: sandbox.test_command,
  };
}

/** The sandbox of an agent that only reads: its runtime, with nothing installed or started. */
export const readingSandboxOf = ({ spec: { sandbox } }: EffectiveTask): PhaseSpec['sandbox'] => ({
  runtime: sandbox.runtime,
  dependencies: [],
  env: {},
  testCommand: sandbox.test_command,
});

function servicesOf(task: EffectiveTask): PhaseSpec['sandbox']['services'] {
  const { services } = task.spec.sandbox;
  if (services === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      {
        env: service.env,
        port: service.port,
        ...defined({ ready: service.ready?.command }),
        ...('command' in service ? { command: service.command } : imageOf(task, service)),
      },
    ]),
  );
}

/** The image that the policy pins for a service; validation has refused a spec that names another one. */
function imageOf({ serviceImages = {} }: EffectiveTask, service: { image: string; memory_mb?: number | undefined }) {
  const pinned = serviceImages[service.image] ?? service.image;
  if (typeof pinned === 'string') return { image: pinned, ...defined({ memoryMb: service.memory_mb }) };
  const { image, user, folders, memory_mb } = pinned;
  return { image, memoryMb: service.memory_mb ?? memory_mb, folders, ...defined({ user }) };
}
