import { type ToolchainName, toolchainOf } from '../../../core/task-spec/toolchains.ts';
import { commandEnvironment } from '../commands/environment.ts';
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
 * `node:20.1-slim` → `20.1`. For Java, the version after the vendor: `maven:3-eclipse-temurin-21` has two versions.
 */
export function versionAsked(runtime: string, toolchain: ToolchainName): string | undefined {
  const java = /(?:temurin|corretto|jdk)[:-]?(\d+(?:\.\d+)*)/;
  return (toolchain === 'java' ? java : /:(\d+(?:\.\d+)*)/).exec(runtime)?.[1];
}

/**
 * Whether a version matches the requested one to its precision: 24.1.0 matches 24 and 24.1, but not 2.
 */
export const isVersion = (found: string, asked: string): boolean => found === asked || found.startsWith(`${asked}.`);

/**
 * Records the image's toolchain, and whether its version differs from the requested one. For an image that the policy
 * pins, the policy's author decides on the toolchain; the launcher knows the digest.
 */
export async function recordRuntime(phase: Phase): Promise<void> {
  const { runtime } = phase.spec.sandbox;
  phase.versions.runtime = runtime;
  const toolchain = toolchainOf(runtime);
  if (toolchain === undefined) return;
  const { output } = await inside(phase, 'runtime', { argv: asks[toolchain], env: commandEnvironment(phase) });
  const found = /\d+(?:\.\d+)+/.exec(output)?.[0];
  if (found === undefined) return;
  phase.versions[toolchain] = found;
  const asked = versionAsked(runtime, toolchain);
  if (asked !== undefined && !isVersion(found, asked)) phase.versions['runtime found'] = `${toolchain} ${found}`;
}
