import { createInterface } from 'node:readline';
import { phaseEvent } from '../../core/run/phase.ts';
import { type GatewayContext, type Route, sendJson } from '../context.ts';

/** Maximum length of a line. Longer lines and invalid events are counted and dropped. */
const maxLine = 64 * 1024;

/** `POST /events`: events of the phase as NDJSON. Answers how many lines were accepted. */
export const eventsRoute =
  (context: GatewayContext): Route =>
  async ({ request, response }) => {
    let taken = 0;
    let dropped = 0;
    for await (const line of createInterface({ input: request, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === '') continue;
      const parsed = line.length > maxLine ? undefined : phaseEvent.safeParse(parseJson(line));
      if (parsed?.success) {
        context.onEvent(parsed.data);
        taken += 1;
      } else dropped += 1;
    }
    sendJson(response, 200, { taken, dropped });
  };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
