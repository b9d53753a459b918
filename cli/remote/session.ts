import { setTimeout as delay } from 'node:timers/promises';
import { signedPost } from '../../adapters/aws/signed.ts';
import { version } from '../../common/package-info.ts';
import { backoffMs } from '../../core/concurrency/backoff.ts';
import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import { decodeAnswer, encodeCall } from '../../pipeline/api/answer.ts';
import type { RunView, Service, WatchItem } from '../../pipeline/service/service.ts';
import { proxyService } from '../local/control-client.ts';
import type { Session } from '../local/session.ts';
import {
  type Account,
  badCredentials,
  findStack,
  grantIt,
  openAccount,
  type StackAddress,
  type StackOptions,
  unreachable,
} from './account.ts';

/** An HTTP API answers within thirty seconds, or not at all. */
const timeoutMs = 35_000;
/** How often a call that was turned away for its rate, or found no connection, is made. */
const attempts = 4;
/** Their second answer would be another than the first: a vote that was cast already, a run that is a duplicate. */
const once = new Set(['submit', 'retry', 'vote', 'cancel', 'github-app']);
/** Between two looks at a run; the longest while nothing happens. */
const poll = { firstMs: 1_000, factor: 1.5, longestMs: 15_000 };

export interface StackSession extends Session {
  address: StackAddress;
  /** Calls a method of a route of the stack, `operate` where none is named. */
  call(method: string, args: unknown[], route?: 'operate' | 'diagnose' | 'setup'): Promise<unknown>;
}

/**
 * A way to the service of a deployment. What it answers is what the owner of a data folder answers; what waits (`watch`,
 * `ended`) asks again and again.
 * @param warn Hears that the deployment is of another version.
 * @throws StackUnavailable, SecretMissing, ServiceRefused, UsageError.
 */
export async function openStack(
  options: StackOptions & { stack: string },
  warn: (line: string) => void,
): Promise<StackSession> {
  const account = await openAccount(options);
  const address = await findStack(account, options.stack);
  if (address.version !== version()) {
    warn(
      `The deployment is of version ${address.version}, and this is ${version()}: use the same, if anything is odd.`,
    );
  }
  const call: StackSession['call'] = async (method, args, route = 'operate') => {
    const url = address[route];
    if (url === undefined) {
      throw new DrydockError('StackUnavailable', `The deployment has no way to ${route}.`, {
        remedy: 'Deploy this version.',
      });
    }
    return post(account, url, encodeCall(method, args), !once.has(method));
  };
  const remote = proxyService((method, args) => call(method, args));
  const service: Service = new Proxy(remote, {
    get(target, method) {
      // It is the deployment that goes on with a run; nobody here has to.
      if (method === 'idle') return async () => true;
      if (method === 'ended') return (run: string) => remote.run(run);
      return Reflect.get(target, method);
    },
  });
  return { service, watch: (runId, signal) => watch(service, runId, signal), call, address, async close() {} };
}

/** @param again whether doing it twice is doing it once, also for whoever reads the answer. */
async function post(account: Account, url: string, body: string, again: boolean): Promise<unknown> {
  const { region } = account;
  for (let attempt = 1; ; attempt++) {
    let answer: { status: number; text: string } | undefined;
    try {
      answer = await signedPost({ url, region, service: 'execute-api', body, keys: await account.keys(), timeoutMs });
    } catch (error) {
      if (error instanceof DrydockError) throw error;
    }
    if (answer?.status === 200 || answer?.status === 422) return decodeAnswer(answer.text);
    if (answer?.status === 403) throw forbidden(answer.text);
    if (answer?.status === 413) throw new DrydockError('LimitExceeded', 'The request is larger than the stack takes.');
    // Turned away for its rate: nothing was done. Anything else may have been done.
    if (attempt >= attempts || (answer?.status !== 429 && !again)) {
      throw answer === undefined
        ? unreachable(new URL(url).host)
        : new DrydockError('StackUnavailable', `The deployment answers ${answer.status}.`);
    }
    await delay(backoffMs(attempt, { firstMs: 1_000 }, Math.random));
  }
}

/** API Gateway's words for who may not call, and for who could not be told. */
function forbidden(text: string): DrydockError {
  const [, code] =
    /(ExpiredToken|InvalidSignature|SignatureDoesNotMatch|security token|Signature expired)/i.exec(text) ?? [];
  if (code !== undefined) return badCredentials(code);
  return new DrydockError('ServiceRefused', 'Your role may not call the deployment.', { remedy: grantIt });
}

/** What happened so far, then what happens, until the signal. */
async function* watch(service: Service, runId: string, signal: AbortSignal): AsyncGenerator<WatchItem> {
  const seen = new Set<string>();
  let last = '';
  let waitMs = poll.firstMs;
  while (!signal.aborted) {
    const { events, ...run } = await service.run(runId);
    for (const event of events) {
      if (seen.has(event.key)) continue;
      seen.add(event.key);
      yield { kind: 'event', event };
    }
    const stands = standing(run);
    if (stands !== last) {
      yield { kind: 'run', run };
      waitMs = poll.firstMs;
    } else waitMs = Math.min(waitMs * poll.factor, poll.longestMs);
    last = stands;
    if (isFinal(run.status)) return;
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** What a person would call a change. */
const standing = ({ status, state, gate, cost }: Omit<RunView, 'events'>): string =>
  JSON.stringify([status, state, gate, cost]);
