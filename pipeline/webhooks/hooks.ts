import { createKeyedMutex } from '../../core/concurrency/keyed-mutex.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import type { Deps } from '../deps.ts';
import { answerCiWait } from '../gates/ci-gate.ts';
import { type HostedRepository, hostedRepository } from '../repository/hosted-repository.ts';
import { fireLabel } from '../triggers/on-issue.ts';
import { combined, firePush } from '../triggers/on-push.ts';
import { onComment } from './on-comment.ts';
import { previewSpecs } from './on-pull-request.ts';
import { onClosed } from './on-pull-request-closed.ts';
import { onPush } from './on-push.ts';
import { onReview } from './on-review.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';
import { createRepositorySweeps, type RepositorySweeps } from './repository-sweeps.ts';

/** The handlers of a code host's webhooks. */
export interface Hooks extends RepositorySweeps {
  /**
   * Handles one event. Idempotent.
   * @throws HostUnavailable, HostRateLimited, Conflict, which a retry can fix.
   */
  handle(event: HostEvent): Promise<HookOutcome>;
}

/** @param policy The operator's current policy, read for each event. */
export function createHooks(deps: Deps, policy: () => Policy): Hooks {
  // One event of a repository at a time, because two events with the same spec would write the same check twice.
  const inTurn = createKeyedMutex();
  const dispatch = (hosted: HostedRepository, event: HostEvent): Promise<HookOutcome> => {
    switch (event.kind) {
      case 'push':
        return onPush(deps, hosted, event).then(async (specs) => both(specs, await firePush(deps, hosted, event)));
      case 'issue-labelled':
        return fireLabel(deps, hosted, event);
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
      try {
        const hosted = hostedRepository(deps, policy(), event.repository, event.installation);
        return await inTurn(event.repository, () => dispatch(hosted, event));
      } catch (error) {
        if (error instanceof DrydockError && error.name === 'DeliveryRefused') return refused(error.message);
        throw error;
      }
    },

    ...createRepositorySweeps(deps, policy, inTurn),
  };
}

/** The outcome of a push for specs and for triggers. */
const both = (specs: HookOutcome, triggers: HookOutcome): HookOutcome =>
  triggers.outcome === 'ignored' ? specs : combined([specs, triggers]);

async function onCi(deps: Deps, hosted: HostedRepository, head: string): Promise<HookOutcome> {
  const runId = await deps.runLinks.find(hosted.repository, `head:${head}`);
  if (runId === undefined) return ignored(`${head.slice(0, 12)} is not the head of a run`);
  return done(`CI of ${runId}: ${await answerCiWait(deps, runId)}`);
}
