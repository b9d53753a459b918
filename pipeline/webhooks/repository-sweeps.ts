import { createKeyedMutex, type KeyedMutex } from '../../core/concurrency/keyed-mutex.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { hostedRepository } from '../repository/hosted-repository.ts';
import { importBaseline } from './on-push.ts';
import type { HookOutcome } from './outcome.ts';
import { sweepHeads } from './sweep.ts';

/** Work on repositories without a delivery of the host. */
export interface RepositorySweeps {
  /** Runs the baseline import of each repository of the policy, before any delivery is handled. */
  importBaselines(): Promise<void>;
  /** Finds specs without a delivery at the heads of trusted branches. */
  sweep(): Promise<HookOutcome[]>;
}

/**
 * @param policy Reads the operator's policy at the time of each sweep.
 * @param inTurn Shared with the handling of deliveries, if one process does both.
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

    async sweep() {
      const outcomes: HookOutcome[] = [];
      for (const repository of names()) {
        const hosted = hostedRepository(deps, policy(), repository);
        outcomes.push(...(await inTurn(repository, () => sweepHeads(deps, hosted, exact(hosted.trustedBranches)))));
      }
      return outcomes;
    },
  };
}

/** Trusted branches without a wildcard, which can be read by name. */
const exact = (patterns: string[]): string[] => patterns.filter((pattern) => !pattern.includes('*'));
