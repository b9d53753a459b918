import { inGroups } from '../../core/concurrency/in-groups.ts';
import { createKeyedMutex, type KeyedMutex } from '../../core/concurrency/keyed-mutex.ts';
import { viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { hostedRepository } from '../repository/hosted-repository.ts';
import { importBaseline } from './on-push.ts';
import { type HookOutcome, refused } from './outcome.ts';
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
 * @param heads The heads whose specs are all known, by repository and branch; kept by who sweeps again and again.
 */
export function createRepositorySweeps(
  deps: Deps,
  policy: () => Policy,
  inTurn: KeyedMutex = createKeyedMutex(),
  heads: Map<string, string> = new Map(),
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
      const failures: unknown[] = [];
      // Each owner has a budget of requests of its own; one that is used up does not hold up the others.
      await inGroups(names(), ownerOf, async (repository) => {
        if (signal?.aborted) return false;
        try {
          const hosted = hostedRepository(deps, policy(), repository);
          const branches = exact(hosted.trustedBranches);
          outcomes.push(...(await inTurn(repository, () => sweepHeads(deps, hosted, branches, heads))));
          return true;
        } catch (error) {
          const { name, message } = viewError(error);
          if (name === 'HostRateLimited') outcomes.push(refused(`${repository}: ${name}: ${message}`));
          else failures.push(error);
          return name !== 'HostRateLimited';
        }
      });
      if (failures.length > 0) throw failures[0];
      return outcomes;
    },
  };
}

const ownerOf = (repository: string): string => repository.split('/', 1)[0] ?? '';

/** Branches without a wildcard: only these can be resolved by name. */
const exact = (patterns: string[]): string[] => patterns.filter((pattern) => !pattern.includes('*'));
