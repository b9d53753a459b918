import { matcherOf } from '../../core/knowledge/select.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { code } from '../../core/publish/escape.ts';
import type { Deps } from '../deps.ts';
import { done, type HookOutcome, ignored, refused } from '../webhooks/outcome.ts';
import { fire } from './fire.ts';
import { type FoundRunbook, hasTriggers, isValid, runbooksAt, type TriggerPlace } from './place.ts';
import { whyUnreviewed } from './reviewed.ts';

type Push = Extract<HostEvent, { kind: 'push' }>;

/**
 * Fires the push triggers of the runbooks on a trusted branch, for the paths that the two trees differ in. A runbook that
 * the push itself changed without a review does not count: then the one from before it does, if that was reviewed.
 */
export async function firePush(deps: Deps, place: TriggerPlace, push: Push): Promise<HookOutcome> {
  if (!hasTriggers(place) || !wildcard(place.trustedBranches, push.branch)) return ignored('no trigger');
  // A new branch has every path, and changed none.
  if (push.before === undefined) return ignored(`${push.branch} is new`);
  const [before, after] = await Promise.all([runbooksAt(place, push.before), runbooksAt(place, push.after)]);
  const names = [...new Set([...after, ...before].map(({ name }) => name))].sort();
  if (names.length === 0) return ignored('no runbook');
  const changed = await changedPaths(place, push.before, push.after);
  const outcomes: HookOutcome[] = [];
  for (const name of names) {
    const now = after.find((each) => each.name === name);
    // A runbook that was removed fires no more.
    if (!now) continue;
    const earlier = before.find((each) => each.name === name);
    const chosen = await reviewedOne(place, [
      { found: now, commit: push.after },
      ...(earlier && earlier.blob !== now.blob ? [{ found: earlier, commit: push.before }] : []),
    ]);
    if (typeof chosen === 'string') {
      if (firingOf(now, push, changed).length > 0) outcomes.push(refused(`${name}: ${chosen}`));
      continue;
    }
    const { found, commit } = chosen;
    if (!isValid(found)) continue;
    for (const { index, parameters } of firingOf(found, push, changed))
      outcomes.push(
        await fire(deps, place, {
          ...{ runbook: found, branch: push.branch, commit: push.after, readAt: commit, parameters, kind: 'push' },
          what: `${push.branch}@${push.after}${index > 0 ? `#${index}` : ''}`,
          requester: place.policy.triggers?.requester ?? '',
          note: `Started by the push of ${push.after.slice(0, 12)} to ${code(push.branch)}, after ${push.before.slice(0, 12)}.`,
        }),
      );
  }
  return combined(outcomes);
}

/** The push triggers of a runbook that a push meets. */
function firingOf(
  { runbook }: FoundRunbook,
  push: Push,
  changed: readonly string[],
): { index: number; parameters: Record<string, unknown> }[] {
  return (runbook?.triggers ?? []).flatMap((trigger, index) => {
    if (!('push' in trigger) || !wildcard(trigger.push.branches, push.branch)) return [];
    const matches = matcherOf(trigger.push.paths);
    return changed.some((path) => matches(path)) ? [{ index, parameters: trigger.parameters ?? {} }] : [];
  });
}

/** The first version that was reviewed, or why none was. */
async function reviewedOne(
  place: TriggerPlace,
  versions: { found: FoundRunbook; commit: string }[],
): Promise<{ found: FoundRunbook; commit: string } | string> {
  let reason = 'it is not there';
  for (const [i, version] of versions.entries()) {
    const why = isValid(version.found)
      ? await whyUnreviewed(place, version.commit, version.found)
      : `${version.found.file} is invalid`;
    if (why === undefined) return version;
    if (i === 0) reason = why;
  }
  return reason;
}

async function changedPaths({ host, location }: TriggerPlace, before: string, after: string): Promise<string[]> {
  const [old, now] = await Promise.all([host.listTree(location, before), host.listTree(location, after)]);
  const differs = (path: string): boolean => {
    const [a, b] = [old.get(path), now.get(path)];
    return a?.blobSha !== b?.blobSha || a?.mode !== b?.mode;
  };
  return [...new Set([...old.keys(), ...now.keys()])].filter(differs);
}

/** One outcome for the log. */
export function combined(outcomes: readonly HookOutcome[]): HookOutcome {
  const told = outcomes.filter(({ outcome }) => outcome !== 'ignored');
  const reason = (told.length > 0 ? told : outcomes).map((each) => each.reason).join('; ');
  if (told.length === 0) return ignored(reason || 'no trigger');
  return told.some(({ outcome }) => outcome === 'refused') ? refused(reason) : done(reason);
}
