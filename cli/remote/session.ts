import { setTimeout as delay } from 'node:timers/promises';
import { signedRequest } from '../../adapters/aws/signed.ts';
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

/** API Gateway ends a request after 30 s. */
const timeoutMs = 35_000;
/** Maximum attempts of a call that was throttled or had no connection. */
const attempts = 4;
/** Methods that are not repeated, because the result of a repetition differs: a vote already cast, a duplicate run. */
const once = new Set(['submit', 'draft', 'split', 'retry', 'vote', 'cancel', 'github-app']);
/** Interval between two reads of a run; it grows while nothing changes. */
const poll = { firstMs: 1_000, factor: 1.5, maxMs: 15_000 };

export interface StackSession extends Session {
  address: StackAddress;
  /** Id of the person that the deployment takes the caller for; undefined for somebody whom its policy does not list. */
  person(): Promise<string | undefined>;
  /** Calls a method on a route of the stack; default: `operate`. */
  call(method: string, args: unknown[], route?: 'operate' | 'diagnose' | 'setup'): Promise<unknown>;
}

/**
 * Access to the service of a deployment, with the same results as a server process gives. `watch` polls, because the
 * API of a deployment has no streams.
 * @param warn Receives a warning if the deployment has another version.
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
      `The deployment has version ${address.version}, and this command has version ${version()}: use the same version if a problem occurs.`,
    );
  }
  const call: StackSession['call'] = async (method, args, route = 'operate') => {
    const url = address[route];
    if (url === undefined) {
      throw new DrydockError('StackUnavailable', `The deployment does not support ${route}.`, {
        remedy: 'Deploy this version of Drydock.',
      });
    }
    return post(account, url, encodeCall(method, args), !once.has(method));
  };
  const remote = proxyService((method, args) => call(method, args));
  const service: Service = new Proxy(remote, {
    get(target, method) {
      // The deployment itself continues its runs, so this process never waits for them.
      if (method === 'idle') return async () => true;
      if (method === 'ended') return (run: string) => remote.run(run);
      return Reflect.get(target, method);
    },
  });
  return {
    service,
    watch: (runId, signal) => watch(service, runId, signal),
    pages: async () => address.web,
    person: () => call('person', []).then((who) => (typeof who === 'string' ? who : undefined)),
    call,
    address,
    async close() {},
  };
}

/** @param repeatable Whether a repeated call has the same effect and the same answer. */
async function post(account: Account, url: string, body: string, repeatable: boolean): Promise<unknown> {
  const { region } = account;
  for (let attempt = 1; ; attempt++) {
    let answer: { status: number; text: string } | undefined;
    try {
      answer = await signedRequest({
        url,
        region,
        service: 'execute-api',
        body,
        keys: await account.keys(),
        timeoutMs,
      });
    } catch (error) {
      if (error instanceof DrydockError) throw error;
    }
    if (answer?.status === 200 || answer?.status === 422) return decodeAnswer(answer.text);
    if (answer?.status === 403) throw forbidden(answer.text);
    if (answer?.status === 413) throw new DrydockError('LimitExceeded', 'The request is too large for the deployment.');
    // A throttled call (429) had no effect; any other failed call may have had one.
    if (attempt >= attempts || (answer?.status !== 429 && !repeatable)) {
      throw answer === undefined
        ? unreachable(new URL(url).host)
        : new DrydockError('StackUnavailable', `The deployment answered with status ${answer.status}.`);
    }
    await delay(backoffMs(attempt, { firstMs: 1_000 }, Math.random));
  }
}

/** The error for a 403 of API Gateway: invalid credentials, or a role without permission. */
function forbidden(text: string): DrydockError {
  const [, code] =
    /(ExpiredToken|InvalidSignature|SignatureDoesNotMatch|security token|Signature expired)/i.exec(text) ?? [];
  if (code !== undefined) return badCredentials(code);
  return new DrydockError('ServiceRefused', 'Your role may not call the deployment.', { remedy: grantIt });
}

/** Earlier events first, then new events and changes, until the run ends or the signal. */
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
    const current = snapshot(run);
    if (current !== last) {
      yield { kind: 'run', run };
      waitMs = poll.firstMs;
    } else waitMs = Math.min(waitMs * poll.factor, poll.maxMs);
    last = current;
    if (isFinal(run.status)) return;
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The fields whose change a watcher sees. */
const snapshot = ({ status, state, gate, cost }: Omit<RunView, 'events'>): string =>
  JSON.stringify([status, state, gate, cost]);
