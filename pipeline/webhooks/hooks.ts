import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import type { Deps } from '../deps.ts';
import { answerCiWait } from '../gates/ci-gate.ts';
import { type HostedRepository, hostedRepository } from '../repository/hosted-repository.ts';
import { onComment } from './on-comment.ts';
import { previewSpecs } from './on-pull-request.ts';
import { onClosed } from './on-pull-request-closed.ts';
import { importBaseline, onPush } from './on-push.ts';
import { onReview } from './on-review.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';
import { sweepHeads } from './sweep.ts';

/** What the messages of a code host lead to. */
export interface Hooks {
  /**
   * Works on one message; doing it again changes nothing.
   * @throws what may succeed later: HostUnavailable, HostRateLimited, Conflict.
   */
  handle(event: HostEvent): Promise<HookOutcome>;
  /** Takes the first look at each repository of the policy, before any message is worked on. */
  importBaselines(): Promise<void>;
  /** Finds what no message told: specs at the heads of trusted branches. */
  sweep(): Promise<HookOutcome[]>;
}

/** @param policy The operator's, as it stands when a message is worked on. */
export function createHooks(deps: Deps, policy: () => Policy): Hooks {
  const turns = new Map<string, Promise<unknown>>();
  /** One message of a repository at a time: two that tell of the same spec would write the same check twice. */
  const inTurn = <T>(repository: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(repository) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => undefined);
    turns.set(repository, settled);
    settled.then(() => {
      if (turns.get(repository) === settled) turns.delete(repository);
    });
    return mine;
  };
  const hosted = (): string[] =>
    Object.entries(policy().repositories).flatMap(([name, { host }]) => (host === 'github' ? [name] : []));

  const dispatch = (hosted: HostedRepository, event: Exclude<HostEvent, { kind: 'nothing' }>): Promise<HookOutcome> => {
    switch (event.kind) {
      case 'push':
        return onPush(deps, hosted, event);
      case 'pull-request':
        return previewSpecs(deps, hosted, event);
      case 'pull-request-closed':
        return onClosed(deps, hosted, event);
      case 'review':
        return onReview(deps, hosted, event);
      case 'comment':
        return onComment(deps, hosted, event);
      case 'ci':
        return onCi(deps, hosted, event.head);
    }
  };

  return {
    async handle(event) {
      if (event.kind === 'nothing') return ignored(event.why);
      try {
        const hosted = hostedRepository(deps, policy(), event.repository, event.installation);
        return await inTurn(event.repository, () => dispatch(hosted, event));
      } catch (error) {
        if (error instanceof DrydockError && error.name === 'DeliveryRefused') return refused(error.message);
        throw error;
      }
    },

    async importBaselines() {
      for (const repository of hosted()) {
        const hosted = hostedRepository(deps, policy(), repository);
        if (await deps.seenSpecs.imported(repository)) continue;
        await inTurn(repository, async () => {
          for (const branch of exact(hosted.trustedBranches)) {
            const head = await hosted.host.resolve(hosted.location, branch).catch(absentBranch);
            if (head !== undefined) return importBaseline(deps, hosted, head);
          }
          return importBaseline(deps, hosted, undefined);
        });
      }
    },

    async sweep() {
      const outcomes: HookOutcome[] = [];
      for (const repository of hosted()) {
        const hosted = hostedRepository(deps, policy(), repository);
        outcomes.push(...(await inTurn(repository, () => sweepHeads(deps, hosted, exact(hosted.trustedBranches)))));
      }
      return outcomes;
    },
  };
}

async function onCi(deps: Deps, hosted: HostedRepository, head: string): Promise<HookOutcome> {
  const runId = await deps.runLinks.find(hosted.repository, `head:${head}`);
  if (runId === undefined) return ignored(`${head.slice(0, 12)} is the head of no run`);
  return done(`CI of ${runId}: ${await answerCiWait(deps, runId)}`);
}

/** Branches named without a wildcard: the ones that can be asked for by name. */
const exact = (patterns: string[]): string[] => patterns.filter((pattern) => !pattern.includes('*'));

function absentBranch(error: unknown): undefined {
  if (error instanceof DrydockError && error.name === 'PolicyRefused') return undefined;
  throw error;
}
