import { createKeyedMutex, type KeyedMutex } from '../../core/concurrency/keyed-mutex.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { hostedRepository } from '../repository/hosted-repository.ts';
import { importBaseline } from './on-push.ts';
import type { HookOutcome } from './outcome.ts';
import { sweepHeads } from './sweep.ts';

/** Checks of the repositories themselves, without webhooks. */
export interface RepositorySweeps {
  /** Imports the baseline of each repository of the policy; called before any event is handled. */
  importBaselines(): Promise<void>;
  /** Finds new specs at the heads of trusted branches, whose webhook was lost; stops between two repositories. */
  sweep(signal?: AbortSignal): Promise<HookOutcome[]>;
}

/**
 * @param policy The operator's current policy.
 * @param inTurn Shared with the handling of events, if one process does both.
 */
export function createRepositorySweeps(
  deps: Deps,
  policy: () => Policy,
  inTurn: KeyedMutex = createKeyedMutex(),
): RepositorySweeps {
  const names = (): string[] =>
    Object.entries(policy().repositories).flatMap(([name, { host }]) => (host === 'github' ? [name] : []));
  return {
    async importBaselines() {
      for (const repository of names()) {
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

    async sweep(signal) {
      const outcomes: HookOutcome[] = [];
      for (const repository of names()) {
        if (signal?.aborted) break;
        const hosted = hostedRepository(deps, policy(), repository);
        outcomes.push(...(await inTurn(repository, () => sweepHeads(deps, hosted, exact(hosted.trustedBranches)))));
      }
      return outcomes;
    },
  };
}

/** Branches without a wildcard: only these can be resolved by name. */
const exact = (patterns: string[]): string[] => patterns.filter((pattern) => !pattern.includes('*'));
