import { agentFilesInput } from '../../../core/run/phase-order.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { inside, type Phase, step } from '../phase.ts';

/**
 * Puts the profile's files at /agent where nobody could mount them there. They are the user's own: an agent can change
 * them for the rest of its phase, and for no other.
 * @throws Error where they do not unpack.
 */
export async function unpackAgentFiles(phase: Phase): Promise<void> {
  const { agent } = phase.boot.paths;
  if (agent === null || !phase.spec.inputs.includes(agentFilesInput)) return;
  await step(phase, 'agent files', async () => {
    const ran = await inside(phase, 'agent files', {
      argv: ['tar', '-xf', '-', '--no-same-owner', '-C', agent],
      env: commandEnvironment(phase),
      stdin: await phase.gateway.stream(`/inputs/${agentFilesInput}`),
    });
    if (ran.exitCode !== 0) throw new Error(`the agent's files do not unpack: ${ran.output}`);
  });
}
