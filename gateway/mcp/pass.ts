import type { ServerResponse } from 'node:http';
import { type McpAnswer, type MessageId, parseMessage } from '../../core/mcp/message.ts';
import type { McpSession } from '../../core/mcp/session.ts';
import { withoutSecrets } from '../credential.ts';
import type { GatewayLimits } from '../limits.ts';
import type { Replacement } from '../replace.ts';
import { drained } from '../routes/model/pass.ts';
import { EventReader, eventText, type ServerEvent } from './event-stream.ts';
import { chunksOf, Unusable } from './upstream.ts';

/** Where the messages of a server go. */
export interface Passing {
  response: ServerResponse;
  limits: GatewayLimits;
  session: McpSession;
  /** What answers may not hold. */
  hidden: readonly Replacement[];
  onBytes(bytes: number): void;
  /** Answers requests of the server. */
  reply(answers: readonly McpAnswer[]): void;
}

/** As it is sent: written anew, so that an escape in the server's own text does not hide a credential. */
const written = (message: unknown, hidden: readonly Replacement[]): string =>
  withoutSecrets(JSON.stringify(message), hidden);

const hasType = (answer: Response, type: string): boolean =>
  (answer.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() === type;
export const isStream = (answer: Response): boolean => hasType(answer, 'text/event-stream');

/** Passes the answer to a POST on that is one document. @throws Unusable */
export async function passDocument(
  { response, limits, session, hidden, onBytes, reply }: Passing,
  answer: Response,
  ids: readonly MessageId[],
  batch: boolean,
): Promise<void> {
  if (!hasType(answer, 'application/json')) throw new Unusable('the answer is neither JSON nor a stream of events');
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(answer, limits.mcpMessageBytes, limits.mcpIdleMs)) {
    onBytes(chunk.length);
    chunks.push(chunk);
  }
  const parsed = parseMessage(Buffer.concat(chunks));
  if ('invalid' in parsed) throw new Unusable(`the answer is invalid: ${parsed.invalid}`);
  const { toClient, toServer } = session.fromServer(parsed.value);
  reply(toServer);
  // A document has no place for what is not an answer.
  const answers = [
    ...toClient.filter((message) => !('method' in message)),
    ...ids.flatMap((id) => session.abandon(id, 'the server did not answer it') ?? []),
  ];
  const text = written(batch ? answers : answers[0], hidden);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/**
 * Passes a stream on, message by message. One that answers requests ends with the last answer.
 * @param ids Requests that it answers; undefined for a stream of messages that nobody asked for.
 * @returns how a stream failed, for people.
 */
export async function passStream(
  passing: Passing,
  answer: Response,
  ids: readonly MessageId[] | undefined,
): Promise<string | undefined> {
  const { response, limits, session, hidden, onBytes } = passing;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  const reader = new EventReader(limits.mcpMessageBytes);
  const left = () => ids === undefined || ids.some((id) => session.waits(id));
  const maxBytes = ids === undefined ? Number.POSITIVE_INFINITY : limits.mcpAnswerBytes;
  let resumable = false;
  let fault: string | undefined;
  try {
    for await (const chunk of chunksOf(answer, maxBytes, limits.mcpIdleMs)) {
      onBytes(chunk.length);
      for (const event of reader.push(chunk)) {
        if (event === undefined) throw new Unusable(`a message has more than ${limits.mcpMessageBytes} bytes`);
        resumable ||= event.id !== undefined;
        for (const text of passed(passing, event))
          if (!response.destroyed && !response.write(text)) await drained(response);
      }
      if (!left()) break;
    }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    fault = error.message;
  }
  // A client that has the id of an event may come back for the rest.
  if (ids !== undefined && (fault !== undefined || !resumable))
    for (const id of ids) {
      const failure = session.abandon(id, fault ?? 'the server ended its answer before it was complete');
      if (failure !== undefined) response.write(eventText(undefined, written(failure, hidden)));
    }
  response.end();
  return fault;
}

function passed({ session, hidden, reply }: Passing, event: ServerEvent): string[] {
  const { retry, data } = event;
  // An id comes back in a header as the server gave it, so one that echoes a credential is left out.
  const id = event.id !== undefined && withoutSecrets(event.id, hidden) === event.id ? event.id : undefined;
  // An event without data tells a client where to go on.
  if (data.length === 0) return [eventText(id, '', retry)];
  const parsed = parseMessage(data);
  if ('invalid' in parsed) throw new Unusable(`a message is invalid: ${parsed.invalid}`);
  const { toClient, toServer } = session.fromServer(parsed.value);
  reply(toServer);
  return toClient.map((message) => eventText(id, written(message, hidden), retry));
}
