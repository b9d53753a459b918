import { agentFilesInput } from '../../../core/run/phase-order.ts';
import { ownEnvironment } from '../commands/environment.ts';
import { inside, type Phase, step } from '../phase.ts';

/**
 * Unpacks the profile's files to /agent if the launcher could not mount them. They belong to the sandbox's user: an
 * agent can change them for the rest of its phase only.
 * @throws Error if they cannot be unpacked.
 */
export async function unpackAgentFiles(phase: Phase): Promise<void> {
  const { agent } = phase.boot.paths;
  if (agent === null || !phase.spec.inputs.includes(agentFilesInput)) return;
  await step(phase, 'agent files', async () => {
    const ran = await inside(phase, 'agent files', {
      argv: ['tar', '-xf', '-', '--no-same-owner', '-C', agent],
      env: ownEnvironment(phase),
      stdin: await phase.gateway.stream(`/inputs/${agentFilesInput}`),
    });
    if (ran.exitCode !== 0) throw new Error(`the agent's files could not be unpacked: ${ran.output}`);
  });
}
