import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGitHubAccess } from '../../adapters/github/api/app.ts';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { createGitHubCodeHost } from '../../adapters/github/code-host.ts';
import { createCollaboration } from '../../adapters/github/collaboration.ts';
import { failedDeliveries } from '../../adapters/github/webhook/deliveries.ts';
import { readEvent } from '../../adapters/github/webhook/events.ts';
import { openInbox } from '../../adapters/local/webhooks/inbox.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { CodeHost, CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { Credentials } from '../../core/ports/host/credentials.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import type { Delivery, Inbox } from '../../core/ports/host/inbox.ts';
import type { TokenVault } from '../../core/ports/runtime/vault.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { createHooks, type Hooks } from '../../pipeline/webhooks/hooks.ts';
import { type HookOutcome, refused } from '../../pipeline/webhooks/outcome.ts';
import { sweepCi } from '../../pipeline/webhooks/sweep.ts';

/** Messages worked on at once; of one repository, one after the other. */
const concurrency = 8;
/** How often the host is asked about open CI gates, and what it did not deliver. */
const ciSweepMs = 30_000;
const sweepMs = 300_000;

export interface GitHub {
  codeHost(scope: CodeHostScope): CodeHost;
  /** Revokes what runs that ended, or a process that died, left behind. */
  revokeLeftovers(isEnded: (runId: string) => Promise<boolean>): Promise<void>;
  /** Messages that the host failed to deliver since a moment, in epoch milliseconds. */
  failedDeliveries(since: number): Promise<{ event: string; body: string }[]>;
  /** Revokes what this process minted for no run in particular. */
  close(): Promise<void>;
}

export function composeGitHub(options: {
  config: GitHubConfig;
  dataDir: string;
  credentials: Credentials;
  vault: TokenVault;
  now: () => number;
}): GitHub {
  const { config, credentials, vault, dataDir, now } = options;
  const access = createGitHubAccess(config, { credentials, seal: vault.seal, open: vault.open, now });
  return {
    codeHost: (scope) =>
      createGitHubCodeHost({ access, dataDir, scope, collaboration: createCollaboration(access, scope) }),
    async revokeLeftovers(isEnded) {
      for (const owner of await credentials.owners()) {
        if (!owner.startsWith('r-') || (await isEnded(owner))) await access.release(owner);
      }
    },
    failedDeliveries: (since) => failedDeliveries(access, since),
    close: () => access.release('hooks'),
  };
}

/** The side of a host that comes to us: a durable inbox, and the work on what is in it. */
export interface Webhooks {
  inbox: Inbox;
  /** What may sign messages, newest first. */
  secrets(): string[];
  hooks: Hooks;
  /**
   * Takes the first look at each repository. Before anything is listened to: what is pushed after it is new.
   */
  importBaselines(say: (line: string) => void): Promise<void>;
  /** Works on the inbox and sweeps, until the signal. `say` hears one line per message. */
  work(signal: AbortSignal, say: (line: string) => void): Promise<void>;
  close(): void;
}

export function composeWebhooks(options: {
  github: GitHub;
  config: GitHubConfig;
  deps: Deps;
  dataDir: string;
  policy: () => Policy;
  now: () => number;
}): Webhooks {
  const { github, config, deps, policy, now } = options;
  const inbox = openInbox(join(options.dataDir, 'inbox.sqlite'), { now });
  const hooks = createHooks(deps, policy);
  const line = (what: string, { outcome, reason }: HookOutcome): string => `${what} ${outcome}: ${reason}`;

  const sweep = async (since: number, say: (line: string) => void): Promise<void> => {
    for (const delivery of await github.failedDeliveries(since)) {
      if (await inbox.put(delivery)) say(`sweep: ${delivery.event} was never delivered; taken up`);
    }
    for (const outcome of await hooks.sweep()) say(line('sweep', outcome));
  };

  return {
    inbox,
    hooks,
    secrets: () => config.webhookSecrets,
    importBaselines: (say) => guarded('first look', say, () => hooks.importBaselines()),
    async work(signal, say) {
      const sweeping = every(sweepMs, signal, () => guarded('sweep', say, () => sweep(now() - 2 * sweepMs, say)));
      const handling = inbox.work(
        async (delivery) => {
          const event = eventOf(delivery);
          say(line(delivery.event, 'kind' in event ? await hooks.handle(event) : event));
        },
        { concurrency, signal },
      );
      await Promise.all([sweeping, handling]);
    },
    close: () => inbox.close(),
  };
}

/** A message that lacks what its event must have is refused, and will not be better later. */
function eventOf({ event, body }: Delivery): HostEvent | HookOutcome {
  try {
    return readEvent(event, JSON.parse(body));
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'DeliveryRefused') return refused(error.message);
    throw error;
  }
}

/** What fails because the host does not answer is said, and tried again at the next round. */
const guarded = (what: string, say: (line: string) => void, work: () => Promise<void>): Promise<void> =>
  work().catch((error: unknown) => say(`${what}: ${viewError(error).name}: ${viewError(error).message}`));

/** Asks the host about the CI gates of unfinished runs, until the signal: a message that was lost delays a run no longer. */
export const followCi = (deps: Deps, unfinished: () => string[], signal: AbortSignal): Promise<void> =>
  every(ciSweepMs, signal, () => sweepCi(deps, unfinished()).catch(() => undefined));

/** Whether a run's credentials have no more use. */
export const hasEnded = async (deps: Deps, runId: string): Promise<boolean> => {
  const run = await deps.runs.get(runId);
  return run === undefined || isFinal(run.status);
};

async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
