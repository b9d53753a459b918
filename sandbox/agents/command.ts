import { DrydockError } from '../../core/errors.ts';
import { agentEnvironment, promptFileIn, promptFileName } from '../runner/commands/environment.ts';
import { inside, type Phase } from '../runner/phase.ts';
import type { AgentDriver } from './driver.ts';
import { type Known, knownAgent } from './known.ts';
import { mcpEnvironment, mcpFile } from './mcp-file.ts';
import { agentCommand } from './program.ts';
import { reportReader } from './report.ts';
import { Transcript } from './transcript.ts';

/** Drives any executable: prompt on stdin and in `$DRYDOCK_PROMPT_FILE`, the repository as working directory. */
export const commandAgent: AgentDriver = async (phase, mcp) => {
  const agent = phase.spec.agent;
  if (agent === null) throw new DrydockError('Internal', 'the phase has no agent');
  const known = knownAgent(phase, mcp.servers);
  const promptFile = promptFileIn(phase.boot.paths.home);
  const report = agent.known === undefined ? undefined : reportOf(phase, known);
  const command = {
    argv: agentCommand(phase, agent, known),
    env: { ...agentEnvironment(phase, promptFile), ...mcpEnvironment(phase), ...known?.start.env },
    stdin: Buffer.from(phase.spec.prompt),
    ...(report === undefined ? {} : { onOutput: report, quietStdout: true }),
  };
  const files = { ...mcp.files, ...mcpFile(mcp.servers), ...known?.start.files, [promptFileName]: phase.spec.prompt };
  const ran = await inside(phase, 'agent', command, files);
  return { exitCode: ran.exitCode, ms: ran.ms, timedOut: ran.timedOut, output: ran.output };
};

/** Reads the report of an agent that prints one. */
function reportOf(phase: Phase, known: Known | undefined): ((chunk: Buffer, stream: string) => void) | undefined {
  const events = known?.agent.events;
  if (events === undefined) return undefined;
  const transcript = new Transcript((event) => phase.gateway.emit(event), phase.boot.agentSecret);
  const read = reportReader(events, (event) => transcript.add(event));
  return (chunk, stream) => {
    if (stream === 'stdout') read(chunk);
  };
}
