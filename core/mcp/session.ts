import { z } from 'zod';
import { type AllowedServer, type CallEnd, type McpReport, shown } from './allowed.ts';
import {
  callParams,
  callResult,
  cancelledParams,
  initializeParams,
  initializeResult,
  listParams,
  progressParams,
  shownResult,
} from './forms.ts';
import {
  errorAnswer,
  errorCodes,
  type Json,
  keyOf,
  type McpAnswer,
  type McpMessage,
  type McpNotification,
  type McpRequest,
  type MessageId,
  messagesIn,
} from './message.ts';
import { listedTools } from './tool-list.ts';

interface Waiting {
  method: string;
  end?: CallEnd;
  token?: string;
}

/** Requests of one session that wait for their answers. */
const maxWaiting = 64;
/** The methods that a client may ask for; all else than tools is refused. */
type Method = 'initialize' | 'ping' | 'tools/list' | 'tools/call';
const forms: Readonly<Record<Method, z.ZodType<Json>>> = {
  initialize: initializeParams,
  ping: z.object({}),
  'tools/list': listParams,
  'tools/call': callParams,
};
const isMethod = (name: string): name is Method => Object.hasOwn(forms, name);

/** What a client may be told without having asked, and what it may tell. */
const ignoredFromClient = new Set(['notifications/progress', 'notifications/roots/list_changed']);
const ignoredFromServer =
  /^notifications\/(?:message|cancelled|(?:prompts|resources)\/\w+|elicitation\/complete|tasks\/status)$/;

/** A message of a client after it was judged. */
type Judged = { pass: McpMessage; commit?: () => void } | { refused: string; code: number; tool?: string } | 'ignored';

export interface FromClient {
  /** For the server; nothing, if any message of a batch is refused. */
  forward: McpMessage[];
  /** For the client. */
  answers: McpAnswer[];
  batch: boolean;
  /** Why nothing of it is a message. */
  invalid?: string;
}
export interface FromServer {
  toClient: McpMessage[];
  /** Answers to requests of the server. */
  toServer: McpAnswer[];
}

/**
 * One session between a client and a server: decides which messages pass, and makes those that pass anew. It holds for the
 * gateway, where the server is elsewhere, and in the sandbox, where it is a program. What is not understood is refused.
 */
export class McpSession {
  readonly #server: AllowedServer;
  readonly #report: McpReport;
  readonly #waiting = new Map<string, Waiting>();
  /** Requests that the client gave up, whose answers may come all the same. */
  readonly #cancelled = new Set<string>();

  constructor(server: AllowedServer, report: McpReport) {
    this.#server = server;
    this.#report = report;
  }

  fromClient(value: unknown): FromClient {
    const read = messagesIn(value);
    if ('invalid' in read) {
      this.#report.refused('a message of the agent', read.invalid);
      return { forward: [], answers: [], batch: false, invalid: read.invalid };
    }
    const { messages, batch } = read;
    const seen = new Set<string>();
    const judged = messages.map((message): [McpMessage, Judged] => [message, this.#judge(message, batch, seen)]);
    const answers: McpAnswer[] = [];
    for (const [message, verdict] of judged) {
      if (verdict === 'ignored' || !('refused' in verdict)) continue;
      const what = 'method' in message ? shown(message.method) : 'an answer';
      this.#report.refused(
        verdict.tool === undefined ? what : `${what} ${shown(verdict.tool)}`,
        verdict.refused,
        verdict.tool,
      );
    }
    const refused = judged.some(([, verdict]) => verdict !== 'ignored' && 'refused' in verdict);
    if (refused) {
      for (const [message, verdict] of judged) {
        if (!isRequest(message)) continue;
        const own = verdict !== 'ignored' && 'refused' in verdict;
        const reason = own ? verdict.refused : 'another message of its batch is refused';
        const code = own ? verdict.code : errorCodes.internal;
        answers.push(errorAnswer(message.id, code, `refused by Drydock: ${this.#server.name}: ${reason}`));
      }
      return { forward: [], answers, batch };
    }
    const forward: McpMessage[] = [];
    for (const [, verdict] of judged) {
      if (verdict === 'ignored' || 'refused' in verdict) continue;
      verdict.commit?.();
      forward.push(verdict.pass);
    }
    return { forward, answers, batch };
  }

  #judge(message: McpMessage, batch: boolean, seen: Set<string>): Judged {
    if (!('method' in message)) return refusal('an answer to a request that was not passed on');
    if (!('id' in message)) return this.#judgeNotification(message);
    const key = keyOf(message.id);
    if (this.#waiting.has(key) || seen.has(key)) return refusal('its id is that of a request that has no answer yet');
    seen.add(key);
    if (this.#waiting.size + seen.size > maxWaiting)
      return refusal(`more than ${maxWaiting} requests without an answer`);
    const { method } = message;
    if (!isMethod(method)) return refusal('only tools are passed on', errorCodes.unknownMethod);
    if (method === 'initialize' && batch) return refusal('a session does not begin in a batch');
    const params = forms[method].safeParse(message.params ?? {});
    if (!params.success) return refusal('its parameters are invalid', errorCodes.invalidParams);
    const pass: McpRequest = { ...message, params: params.data };
    if (method !== 'tools/call') return { pass, commit: () => void this.#waiting.set(key, { method }) };
    const { name, arguments: input = {}, _meta: meta } = callParams.parse(params.data);
    if (!this.#server.tools.includes(name))
      return { ...refusal(`the tool ${shown(name)} is not allowed`, errorCodes.invalidParams), tool: name };
    if (this.#server.changed.has(name))
      return {
        ...refusal(`the definition of the tool ${name} changed after it was listed`, errorCodes.invalidParams),
        tool: name,
      };
    const token = meta?.progressToken;
    return {
      pass,
      commit: () => {
        const end = this.#report.called(name, input);
        this.#waiting.set(key, { method, end, ...(token === undefined ? {} : { token: keyOf(token) }) });
      },
    };
  }

  #judgeNotification({ method, params = {} }: McpNotification): Judged {
    if (method === 'notifications/initialized') return { pass: { jsonrpc: '2.0', method } };
    if (ignoredFromClient.has(method)) return 'ignored';
    const parsed = method === 'notifications/cancelled' ? cancelledParams.safeParse(params) : undefined;
    if (parsed === undefined) return refusal('only tools are passed on');
    if (!parsed.success) return refusal('its parameters are invalid');
    const key = keyOf(parsed.data.requestId);
    const waiting = this.#waiting.get(key);
    // Of a request that has its answer by now, or never was: nobody needs to know.
    if (waiting === undefined) return 'ignored';
    const commit = (): void => {
      this.#waiting.delete(key);
      if (this.#cancelled.size < maxWaiting) this.#cancelled.add(key);
      waiting.end?.('failed', 'the agent cancelled it');
    };
    return { pass: { jsonrpc: '2.0', method, params: parsed.data }, commit };
  }

  fromServer(value: unknown): FromServer {
    const out: FromServer = { toClient: [], toServer: [] };
    const read = messagesIn(value);
    if ('invalid' in read) {
      this.#report.refused('a message of the server', read.invalid);
      return out;
    }
    for (const message of read.messages) {
      if (isRequest(message)) out.toServer.push(this.#answerServer(message));
      else if ('method' in message) {
        const passed = this.#notified(message.method, message.params ?? {});
        if (passed !== undefined) out.toClient.push(passed);
      } else {
        const answer = this.#answered(message);
        if (answer !== undefined) out.toClient.push(answer);
      }
    }
    return out;
  }

  /** A server lives where nobody is asked for anything: all its requests but a ping are refused. */
  #answerServer({ id, method }: McpRequest): McpAnswer {
    if (method === 'ping') return { jsonrpc: '2.0', id, result: {} };
    this.#report.refused(`a request of the server: ${shown(method)}`, 'servers may not ask the agent for anything');
    return errorAnswer(id, errorCodes.unknownMethod, 'refused by Drydock: servers may not ask the agent for anything');
  }

  #notified(method: string, params: Json): McpMessage | undefined {
    if (method === 'notifications/tools/list_changed') return { jsonrpc: '2.0', method };
    if (method === 'notifications/progress') {
      const progress = progressParams.safeParse(params).data;
      const key = progress && keyOf(progress.progressToken);
      const known = [...this.#waiting.values()].some(({ token }) => token !== undefined && token === key);
      return progress !== undefined && known ? { jsonrpc: '2.0', method, params: progress } : undefined;
    }
    if (!ignoredFromServer.test(method))
      this.#report.refused(`a message of the server: ${shown(method)}`, 'it is not known');
    return undefined;
  }

  #answered(answer: McpAnswer): McpAnswer | undefined {
    const { id } = answer;
    const key = id === undefined || id === null ? undefined : keyOf(id);
    const waiting = key === undefined ? undefined : this.#waiting.get(key);
    if (id === undefined || id === null || key === undefined || waiting === undefined) {
      if (key !== undefined && this.#cancelled.delete(key)) return undefined;
      this.#report.refused('an answer of the server', 'nothing was asked with its id, or it was answered');
      return undefined;
    }
    this.#waiting.delete(key);
    if ('error' in answer) {
      const { code, message } = answer.error;
      waiting.end?.('failed', message);
      return errorAnswer(id, code, message.slice(0, 8_000));
    }
    const result = this.#resultOf(waiting, answer.result);
    if (result !== undefined) return { jsonrpc: '2.0', id, result };
    waiting.end?.('failed', 'the answer of the server is invalid');
    this.#report.refused(`the answer to ${waiting.method}`, 'it is invalid');
    return errorAnswer(
      id,
      errorCodes.internal,
      `refused by Drydock: ${this.#server.name}: the answer of the server is invalid`,
    );
  }

  #resultOf({ method, end }: Waiting, result: Json): Json | undefined {
    switch (method) {
      case 'ping':
        return {};
      case 'initialize':
        return initializeResult.safeParse(result).data;
      case 'tools/list':
        return listedTools(this.#server, this.#report, result);
      default: {
        const called = callResult.safeParse(result).data;
        if (called !== undefined) end?.(called.isError === true ? 'failed' : 'completed', shownResult(called));
        return called;
      }
    }
  }

  /** Whether a request has no answer yet. */
  waits(id: MessageId): boolean {
    return this.#waiting.has(keyOf(id));
  }

  /** The answer to a request that the server will not answer; undefined if it did. */
  abandon(id: MessageId, reason: string): McpAnswer | undefined {
    const waiting = this.#waiting.get(keyOf(id));
    if (waiting === undefined) return undefined;
    this.#waiting.delete(keyOf(id));
    waiting.end?.('failed', reason);
    return errorAnswer(id, errorCodes.internal, `${this.#server.name}: ${reason}`);
  }
}

const isRequest = (message: McpMessage): message is McpRequest => 'method' in message && 'id' in message;
const refusal = (refused: string, code: number = errorCodes.internal) => ({ refused, code });
