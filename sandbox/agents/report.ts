import { StringDecoder } from 'node:string_decoder';
import { type Agent, isJson } from '../../core/agents/agent.ts';
import type { PhaseEvent } from '../../core/run/phase.ts';

/** Characters of one line of an agent's report; a longer one is skipped. */
const maxLine = 4 * 1024 * 1024;
const maxLog = 8_000;

/** Reads the lines of JSON that an agent prints, in linear time, and tells what they say. It never throws. */
export function reportReader(events: NonNullable<Agent['events']>, tell: (event: PhaseEvent) => void) {
  const decoder = new StringDecoder('utf8');
  /** The beginning of a line; it is searched only once its end has come. */
  let rest = '';
  let skipping = false;
  return (chunk: Buffer): void => {
    const text = decoder.write(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) {
      const lines = text.slice(end + 1).split('\n');
      const first = rest + text.slice(0, end);
      rest = lines.pop() ?? '';
      for (const line of skipping ? lines : [first, ...lines]) for (const event of eventsIn(line, events)) tell(event);
      skipping = false;
    } else if (!skipping) rest += text;
    if (rest.length <= maxLine) return;
    rest = '';
    skipping = true;
  };
}

function eventsIn(line: string, events: NonNullable<Agent['events']>): PhaseEvent[] {
  try {
    const value: unknown = JSON.parse(line);
    return isJson(value) ? events(value) : [];
  } catch {
    // Not JSON, or nested so deeply that it cannot be written again.
    return line.trim() === '' ? [] : [{ type: 'log', source: 'agent', text: line.slice(0, maxLog) }];
  }
}
