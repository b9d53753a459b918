import { isVersion, type ToolchainName, toolchainOf, versionAsked } from '../../../core/task-spec/toolchains.ts';
import { ownEnvironment } from '../commands/environment.ts';
import { inside, type Phase } from '../phase.ts';

/** Commands that print the version of a toolchain. */
export const asks: Record<ToolchainName, readonly string[]> = {
  node: ['node', '--version'],
  python: ['python3', '--version'],
  java: ['java', '--version'],
  go: ['go', 'version'],
  rust: ['rustc', '--version'],
};

/**
 * Records the image's toolchain, and whether its version differs from the requested one. For an image that the policy
 * pins, the policy's author decides on the toolchain; the launcher knows the digest.
 */
export async function recordRuntime(phase: Phase): Promise<void> {
  const { runtime } = phase.spec.sandbox;
  phase.versions.runtime = runtime;
  const toolchain = toolchainOf(runtime);
  if (toolchain === undefined) return;
  const { output } = await inside(phase, 'runtime', { argv: asks[toolchain], env: ownEnvironment(phase) });
  const found = /\d+(?:\.\d+)+/.exec(output)?.[0];
  if (found === undefined) return;
  phase.versions[toolchain] = found;
  const asked = versionAsked(runtime, toolchain);
  if (asked !== undefined && !isVersion(found, asked)) phase.versions['runtime found'] = `${toolchain} ${found}`;
}
