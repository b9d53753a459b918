import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGitHubAccess } from '../../adapters/github/api/app.ts';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { createGitHubCodeHost } from '../../adapters/github/code-host.ts';
import { createCollaboration } from '../../adapters/github/collaboration.ts';
import { comparing } from '../../adapters/github/merge/comparing.ts';
import { history } from '../../adapters/github/repository/history.ts';
import { failedDeliveries } from '../../adapters/github/webhook/deliveries.ts';
import { type Dropped, type Message, takeMessage } from '../../adapters/github/webhook/intake.ts';
import { openInbox } from '../../adapters/local/webhooks/inbox.ts';
import { viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { CodeHost, CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { Credentials } from '../../core/ports/host/credentials.ts';
import type { Inbox } from '../../core/ports/host/inbox.ts';
import type { Thread } from '../../core/ports/runtime/thread.ts';
import type { TokenVault } from '../../core/ports/runtime/vault.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { createHooks, type Hooks } from '../../pipeline/webhooks/hooks.ts';
import type { HookOutcome } from '../../pipeline/webhooks/outcome.ts';
import { sweepCi } from '../../pipeline/webhooks/sweep.ts';

/** Deliveries handled in parallel; those of one repository are handled one after the other. */
const concurrency = 8;
/** Interval of the checks of open CI gates. */
const ciSweepMs = 30_000;
/** Interval of the checks for undelivered webhooks and missed pushes. */
const sweepMs = 300_000;

export interface GitHub {
  codeHost(scope: CodeHostScope): CodeHost;
  /** Revokes the credentials that ended runs or a crashed process left behind. */
  revokeLeftovers(isEnded: (runId: string) => Promise<boolean>): Promise<void>;
  /** Messages that the host failed to deliver. @param since Epoch milliseconds. */
  failedDeliveries(since: number): Promise<Message[]>;
  /** Revokes the credentials that this process minted without a run. */
  close(): Promise<void>;
}

export function composeGitHub(options: {
  config: GitHubConfig;
  dataDir: string;
  credentials: Credentials;
  vault: TokenVault;
  thread: Thread;
  now: () => number;
  /** Aborts when the process is asked to stop: requests in progress are cut short then, and none is retried. */
  stopping: AbortSignal;
}): GitHub {
  const { config, credentials, vault, dataDir, thread, now, stopping } = options;
  const access = createGitHubAccess(config, { credentials, seal: vault.seal, open: vault.open, now, stopping });
  return {
    codeHost: (scope) =>
      createGitHubCodeHost({
        history,
        comparing,
        access,
        dataDir,
        scope,
        thread,
        collaboration: createCollaboration(access, scope),
      }),
    async revokeLeftovers(isEnded) {
      for (const owner of await credentials.owners()) {
        if (!owner.startsWith('r-') || (await isEnded(owner))) await access.release(owner);
      }
    },
    failedDeliveries: (since) => failedDeliveries(access, since),
    close: () => access.release('hooks'),
  };
}

/** Receives and handles webhooks: a durable inbox and its worker. */
export interface Webhooks {
  inbox: Inbox;
  /** Secrets that sign deliveries, newest first. */
  secrets(): string[];
  hooks: Hooks;
  /** Imports the baseline of each repository. Call it before listening, so that later pushes count as new. */
  importBaselines(say: (line: string) => void): Promise<void>;
  /** Handles the inbox and sweeps, until the signal. `say` receives one line per delivery. */
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

  const sweep = async (since: number, say: (line: string) => void, signal: AbortSignal): Promise<void> => {
    const intake = { inbox, onDropped: ({ event, ...outcome }: Dropped) => say(line(`sweep: ${event}`, outcome)) };
    for (const message of await github.failedDeliveries(since)) {
      if (await takeMessage(intake, message)) say(`sweep: ${message.event} was never delivered; handled now`);
    }
    for (const outcome of await hooks.sweep(signal)) say(line('sweep', outcome));
  };

  return {
    inbox,
    hooks,
    secrets: () => config.webhookSecrets,
    importBaselines: (say) => guarded('baseline import', say, () => hooks.importBaselines()),
    async work(signal, say) {
      const sweeping = every(sweepMs, signal, () =>
        guarded('sweep', say, () => sweep(now() - 2 * sweepMs, say, signal)),
      );
      const handling = inbox.work(async ({ event }) => say(line(event.kind, await hooks.handle(event))), {
        concurrency,
        signal,
      });
      await Promise.all([sweeping, handling]);
    },
    close: () => inbox.close(),
  };
}

/** Logs a failure of the host; the next round tries again. */
const guarded = (what: string, say: (line: string) => void, work: () => Promise<void>): Promise<void> =>
  work().catch((error: unknown) => say(`${what}: ${viewError(error).name}: ${viewError(error).message}`));

/** Checks the CI gates of unfinished runs at the host, until the signal, because a webhook may get lost. */
export const followCi = (deps: Deps, unfinished: () => string[], signal: AbortSignal): Promise<void> =>
  every(ciSweepMs, signal, () => sweepCi(deps, unfinished()).catch(() => undefined));

/** Whether a run ended or never existed: its credentials are no longer needed. */
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
