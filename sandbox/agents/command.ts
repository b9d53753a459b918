import { DrydockError } from '../../core/errors.ts';
import { agentEnvironment, promptFileIn, promptFileName } from '../runner/commands/environment.ts';
import { inside } from '../runner/phase.ts';
import type { AgentDriver } from './driver.ts';
import { agentCommand } from './program.ts';

/** Drives any executable: prompt on stdin and in `$DRYDOCK_PROMPT_FILE`, the repository as working directory. */
export const commandAgent: AgentDriver = async (phase) => {
  const agent = phase.spec.agent;
  if (agent === null) throw new DrydockError('Internal', 'the phase has no agent');
  const promptFile = promptFileIn(phase.boot.paths.home);
  const command = {
    argv: agentCommand(phase, agent),
    env: agentEnvironment(phase, promptFile),
    stdin: Buffer.from(phase.spec.prompt),
  };
  const ran = await inside(phase, 'agent', command, { [promptFileName]: phase.spec.prompt });
  return { exitCode: ran.exitCode, ms: ran.ms, timedOut: ran.timedOut, output: ran.output };
};
