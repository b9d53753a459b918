import { Option } from 'commander';
import type { SandboxChoice } from '../../adapters/local/sandbox/choose-wall.ts';
import { defined } from '../../core/defined.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { sandboxDrivers } from '../../core/sandbox-drivers.ts';

export type Driver = (typeof sandboxDrivers)[number];

/** `--sandbox DRIVER` of the commands that run phases on this machine. */
export const sandboxOption = (): Option =>
  new Option('--sandbox <driver>', 'how sandboxes are made here, instead of `sandbox.driver` of the policy').choices(
    sandboxDrivers,
  );

/** How sandboxes are made on this machine: as the policy says, or as a flag says. */
export const sandboxOf = ({ sandbox, runtimes }: Policy, flag?: Driver): SandboxChoice => ({
  driver: flag ?? sandbox.driver,
  runtimes,
  gatewayMemoryMb: sandbox.gateway.memory_mb,
  ...defined({ runtime: sandbox.runtime, base: sandbox.images.base }),
});
