import { StringDecoder } from 'node:string_decoder';
import { isJson } from '../../core/agents/agent.ts';
import { DrydockError } from '../../core/errors.ts';
import { agentEnvironment, promptFileIn, promptFileName } from '../runner/commands/environment.ts';
import { inside, type Phase } from '../runner/phase.ts';
import type { AgentDriver } from './driver.ts';
import { type Known, knownAgent } from './known.ts';
import { agentCommand } from './program.ts';
import { Transcript } from './transcript.ts';

/** Characters of one line of an agent's report; a longer one is skipped. */
const maxLine = 4 * 1024 * 1024;

/** Drives any executable: prompt on stdin and in `$DRYDOCK_PROMPT_FILE`, the repository as working directory. */
export const commandAgent: AgentDriver = async (phase) => {
  const agent = phase.spec.agent;
  if (agent === null) throw new DrydockError('Internal', 'the phase has no agent');
  const known = knownAgent(phase);
  const promptFile = promptFileIn(phase.boot.paths.home);
  const report = agent.known === undefined ? undefined : reportOf(phase, known);
  const command = {
    argv: agentCommand(phase, agent, known),
    env: { ...agentEnvironment(phase, promptFile), ...known?.start.env },
    stdin: Buffer.from(phase.spec.prompt),
    ...(report === undefined ? {} : { onOutput: report, quietStdout: true }),
  };
  const ran = await inside(phase, 'agent', command, { ...known?.start.files, [promptFileName]: phase.spec.prompt });
  return { exitCode: ran.exitCode, ms: ran.ms, timedOut: ran.timedOut, output: ran.output };
};

/** Reads the lines of JSON that an agent prints, and tells what they say. */
function reportOf(phase: Phase, known: Known | undefined): ((chunk: Buffer, stream: string) => void) | undefined {
  const events = known?.agent.events;
  if (events === undefined) return undefined;
  const transcript = new Transcript((event) => phase.gateway.emit(event), phase.boot.agentSecret);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let skipping = false;
  return (chunk, stream) => {
    if (stream !== 'stdout') return;
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (skipping) skipping = false;
      else for (const event of eventsIn(line, events)) transcript.add(event);
    }
    if (rest.length <= maxLine) return;
    rest = '';
    skipping = true;
  };
}

function eventsIn(line: string, events: NonNullable<Known['agent']['events']>): ReturnType<typeof events> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return line.trim() === '' ? [] : [{ type: 'log', source: 'agent', text: line.slice(0, 8_000) }];
  }
  return isJson(value) ? events(value) : [];
}
