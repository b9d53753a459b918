import { isRefusal } from '../../core/errors.ts';
import type { Deps } from '../deps.ts';
import { answerCiWait, openCiGate } from '../gates/ci-gate.ts';
import type { HostedRepository } from '../repository/hosted-repository.ts';
import { specsAt } from '../repository/spec-files.ts';
import { onPush } from './on-push.ts';
import { type HookOutcome, refused } from './outcome.ts';

/**
 * Checks the heads of trusted branches for new specs whose webhook was lost. The account that pushed the head, by the
 * host's log of pushes, needs write access. If the log does not name it, nothing is started or recorded, and a late
 * webhook still works.
 */
export async function sweepHeads(
  deps: Deps,
  hosted: HostedRepository,
  branches: string[],
  heads: Map<string, string> = new Map(),
): Promise<HookOutcome[]> {
  const outcomes: HookOutcome[] = [];
  for (const branch of branches) {
    try {
      const head = await hosted.host.resolve(hosted.location, branch);
      const key = `${hosted.repository} ${branch}`;
      if (heads.get(key) === head) continue;
      const seen = await deps.seenSpecs.blobs(hosted.repository);
      const fresh = (await specsAt(hosted.host, hosted.location, head)).filter((spec) => !seen.has(spec.blob));
      if (fresh.length === 0) {
        heads.set(key, head);
        continue;
      }
      const sender = await hosted.collaboration.pusherOf(hosted.location, branch, head);
      if (!sender) {
        outcomes.push(refused(`${hosted.repository} ${branch}: the host does not say who pushed ${head.slice(0, 12)}`));
        continue;
      }
      outcomes.push(
        await onPush(deps, hosted, { kind: 'push', repository: hosted.repository, sender, branch, after: head }),
      );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      outcomes.push(refused(`${hosted.repository} ${branch}: ${error.name}: ${error.message}`));
    }
  }
  return outcomes;
}

/** Checks the CI results of waiting runs, because a webhook may be lost, and a gate may never report. */
export async function sweepCi(deps: Deps, runIds: string[]): Promise<void> {
  for (const runId of runIds) {
    if (await openCiGate(deps, runId)) await answerCiWait(deps, runId);
  }
}
