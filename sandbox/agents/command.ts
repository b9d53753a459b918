import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import type { Remark } from '../../core/remark/remark.ts';
import { agentEnvironment, inboxFile, promptFileIn, promptFileName } from '../runner/commands/environment.ts';
import { inside, type Phase } from '../runner/phase.ts';
import type { Folders } from '../runner/workspace/folders.ts';
import type { AgentDriver } from './driver.ts';
import { type Known, knownAgent } from './known.ts';
import { mcpEnvironment, mcpFile } from './mcp-file.ts';
import { agentCommand } from './program.ts';
import { listen } from './remarks.ts';
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
  let deaf: (() => void) | undefined;
  const onReady = ({ out }: Folders): void => {
    deaf = listen(phase, (remarks) => {
      for (const each of remarks) leaveRemark(join(out, inboxFile), each);
    });
  };
  const ran = await inside(phase, 'agent', { ...command, onReady }, files).finally(() => deaf?.());
  return { exitCode: ran.exitCode, ms: ran.ms, timedOut: ran.timedOut, output: ran.output };
};

/**
 * Adds a line to the file of the agent's that holds what people said. Its folder is the agent's, who may have put a link or a pipe
 * there: nothing is written then.
 */
function leaveRemark(file: string, { by, text, now }: Remark): void {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  let made: number | undefined;
  try {
    made = openSync(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o644);
    if (fstatSync(made).isFile()) writeSync(made, `${JSON.stringify({ by, text, now })}\n`);
  } catch {
    // The agent gets it with the prompt of the next phase.
  } finally {
    if (made !== undefined) closeSync(made);
  }
}

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
