import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { McpReport } from '../../core/mcp/allowed.ts';
import { type McpMessage, parseMessage } from '../../core/mcp/message.ts';
import type { McpSession } from '../../core/mcp/session.ts';
import type { LineSplitter } from '../../core/text/lines.ts';

/** Bytes of one message. */
export const maxMessage = 4 * 1024 * 1024;
/** Messages of one connection, in each direction. */
const maxMessages = 100_000;

/** A server, as a connection needs it. */
export interface Backend {
  /** Resolves when the server can take the next message. */
  send(message: McpMessage): Promise<void>;
  /** The messages of the server, until it ends. */
  messages(): AsyncIterable<unknown>;
  /** Ends the server. */
  end(): Promise<void>;
}

/** The lines of a stream as JSON, until its end. @throws Error for a line that is not, or is too long. */
export async function* jsonLines(stream: AsyncIterable<Buffer>, lines: LineSplitter): AsyncGenerator<unknown> {
  let count = 0;
  for await (const chunk of stream)
    for (const line of lines.push(chunk)) {
      if (line === undefined) throw new Error(`a message has more than ${maxMessage} bytes`);
      if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) continue;
      count += 1;
      if (count > maxMessages) throw new Error(`more than ${maxMessages} messages`);
      const parsed = parseMessage(line);
      if ('invalid' in parsed) throw new Error(`a message is invalid: ${parsed.invalid}`);
      yield parsed.value;
    }
}

/** Passes messages between an agent and a server until one of them ends; each is judged by the session. */
export async function connectAgent(
  agent: Socket,
  fromAgent: AsyncIterable<unknown>,
  backend: Backend,
  session: McpSession,
  report: McpReport,
): Promise<void> {
  const tell = async (messages: readonly McpMessage[]): Promise<void> => {
    for (const message of messages)
      if (!agent.destroyed && !agent.write(`${JSON.stringify(message)}\n`))
        await Promise.race([once(agent, 'drain'), once(agent, 'close')]).catch(() => undefined);
  };
  const take = async (): Promise<void> => {
    for await (const value of fromAgent) {
      const { forward, answers } = session.fromClient(value);
      await tell(answers);
      for (const message of forward) await backend.send(message);
    }
  };
  const give = async (): Promise<void> => {
    for await (const value of backend.messages()) {
      const { toClient, toServer } = session.fromServer(value);
      await tell(toClient);
      for (const answer of toServer) await backend.send(answer);
    }
  };
  const named =
    (who: string) =>
    (error: unknown): void => {
      // One whose connection has ended is not at fault.
      if (!agent.destroyed)
        report.refused(`the messages of ${who}`, error instanceof Error ? error.message : String(error));
    };
  await Promise.race([take().catch(named('the agent')), give().catch(named('the server'))]);
  agent.end();
  await backend.end();
}
