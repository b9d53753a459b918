import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { type PhaseEvent, phaseEvent } from '../../core/run/phase.ts';
import { LineSplitter } from '../../core/text/lines.ts';
import { BadRequest, type GatewayContext, type Route, sendJson } from '../context.ts';

/** Limit in bytes for a line. Longer lines and invalid events are counted and dropped. */
const maxLine = 64 * 1024;
/** Limit in bytes for all requests of a phase together; what the launcher is told has narrower limits. */
const maxTotal = 64 * 1024 * 1024;
/** Limit for invalid lines of a request: whoever sends so many sends no events. */
const maxDropped = 10_000;
/** A plan of a hundred entries, the largest event, has 506 values and keys. */
const limits: JsonLimits = { depth: 4, values: 1_000 };

/** `POST /events`: events of the phase as NDJSON. Answers how many lines were accepted. */
export const eventsRoute = (context: GatewayContext): Route => {
  let total = 0;
  return async ({ request, response }) => {
    let taken = 0;
    let dropped = 0;
    const take = (line: Uint8Array | undefined): void => {
      if (line?.length === 0) return;
      const event = line && eventOf(line);
      if (event === undefined) {
        dropped += 1;
        if (dropped > maxDropped) throw new BadRequest(400, `more than ${maxDropped} invalid lines`);
      } else {
        context.onEvent(event);
        taken += 1;
      }
    };
    const lines = new LineSplitter(maxLine);
    request.socket.setTimeout(context.limits.idleMs);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > maxTotal) throw new BadRequest(413, 'the limit for events of a phase is reached');
      for (const line of lines.push(chunk)) take(line);
    }
    request.socket.setTimeout(0);
    take(lines.rest() ?? new Uint8Array());
    sendJson(response, 200, { taken, dropped });
  };
};

/**
 * The event in a line; `undefined` if the line is not an event. It never throws.
 * @internal for its tests
 */
export function eventOf(line: Uint8Array): PhaseEvent | undefined {
  // Lines of plain text are refused here, because the parser would make an error for each, which is slow.
  if (line[0] !== 0x7b) return undefined;
  const parsed = parseJson(line, limits);
  return 'value' in parsed ? phaseEvent.safeParse(parsed.value).data : undefined;
}
