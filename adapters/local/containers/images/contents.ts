import { DrydockError } from '../../../../core/errors.ts';
import type { AgentSpec } from '../../../../core/run/phase.ts';
import { isVersion, toolchainOf, versionAsked } from '../../../../core/task-spec/toolchains.ts';
import { layout } from '../../../../sandbox/layout.ts';
import { asks } from '../../../../sandbox/runner/steps/found-runtime.ts';
import { ownTools } from '../../sandbox/agent-program.ts';
import { engineOutput } from '../engine.ts';
import { commonOptions, phaseLabel } from '../options.ts';
import { ownerName } from '../owner.ts';
import type { Containers } from '../phase.ts';
import type { Image } from './find.ts';

/** What a command prints in an image, with the PATH of a sandbox. @throws Error if it fails. */
async function ask({ engine, known }: Containers, image: Image, script: string, ...args: string[]): Promise<string> {
  const name = await ownerName();
  const options = ['--rm', '--name', name, '--label', `${phaseLabel}=${name}`, '--network', 'none'];
  return engineOutput(engine, [
    ...['run', ...options, ...commonOptions(engine, known.start), '--entrypoint', '/bin/sh', image.id],
    ...['-c', `PATH=${layout.tools}/bin:$PATH; ${script}`, 'sh', ...args],
  ]);
}

/** @throws AgentUnavailable if the image lacks the program of a profile. */
export async function checkAgent(
  containers: Containers,
  image: Image,
  agent: AgentSpec | null,
  checked: Set<string>,
): Promise<void> {
  const name = agent?.command[0];
  // A path may be one of the repository or of the agent's files, which nobody has unpacked yet.
  if (name === undefined || name.includes('/') || ownTools.has(name)) return;
  const key = `${image.id} ${name}`;
  if (checked.has(key)) return;
  await ask(containers, image, 'command -v -- "$1"', name).catch(() => {
    throw new DrydockError('AgentUnavailable', `The agent's program ${name} is not in the image ${image.name}.`, {
      remedy: `Build the image with it: drydock images build node --agents ${name}; or bring it in the profile's files.`,
    });
  });
  checked.add(key);
}

/** @throws RuntimeUnavailable if the image's toolchain has another version than the runtime asks for. */
export async function checkRuntime(containers: Containers, image: Image, runtime: string): Promise<void> {
  const toolchain = toolchainOf(runtime);
  const asked = toolchain === undefined ? undefined : versionAsked(runtime, toolchain);
  if (toolchain === undefined || asked === undefined) return; // the policy pins the image, and so its toolchain
  const said = await ask(containers, image, '"$@" 2>&1', ...asks[toolchain]).catch(() => '');
  const found = /\d{1,9}(?:\.\d{1,9}){1,3}/.exec(said)?.[0] ?? 'none';
  if (isVersion(found, asked)) return;
  throw new DrydockError(
    'RuntimeUnavailable',
    `the runtime ${runtime} is not available; the image ${image.name} has ${toolchain} ${found}`,
  );
}
