import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defined } from '../../core/defined.ts';
import { DrydockError, isRefusal } from '../../core/errors.ts';
import { formatUsd, microsOf } from '../../core/money/format.ts';
import { personOf } from '../../core/policy/people.ts';
import type { RunTrigger } from '../../core/run/record.ts';
import type { Runbook } from '../../core/runbook/schema.ts';
import { useRunbook } from '../../core/runbook/use.ts';
import { submit } from '../commands/submit.ts';
import type { Deps } from '../deps.ts';
import { done, type HookOutcome, ignored, refused } from '../webhooks/outcome.ts';
import type { FoundRunbook, TriggerPlace } from './place.ts';
import { whyUnreviewed } from './reviewed.ts';

/** What starts a run of a runbook. */
export interface Firing {
  runbook: FoundRunbook & { runbook: Runbook };
  branch: string;
  /** Head of the branch that fired. */
  commit: string;
  /** Commit at which the runbook was read. */
  readAt: string;
  kind: RunTrigger['kind'];
  /** What fired, as the key and the record have it: no time of delivery. */
  what: string;
  /** Person id. */
  requester: string;
  parameters: Readonly<Record<string, unknown>>;
  /** A sentence for the instructions, Markdown whose parts are escaped. */
  note: string;
}

/** What the first process that saw a firing made of it; every other one goes on from there. */
const claimed = z.strictObject({
  spec: z.string(),
  path: z.string(),
  day: z.iso.date(),
  requester: z.string(),
});

/**
 * Starts the run of a firing, once, however often and by how many processes it is seen: the first one records the spec
 * under the key of the firing, and every one submits that spec.
 */
export async function fire(deps: Deps, place: TriggerPlace, firing: Firing): Promise<HookOutcome> {
  const { policy, repository } = place;
  const { runbook, name } = firing.runbook;
  const { triggers } = policy;
  const said = `${name} by ${firing.kind} ${firing.what}`;
  if (!triggers) return ignored(`${said}: the policy has no triggers`);
  const key = createHash('sha256')
    .update(JSON.stringify([repository, name, firing.kind, firing.what]))
    .digest('hex');
  try {
    let note = await deps.firings.find(key);
    if (note === undefined) {
      const unreviewed = await whyUnreviewed(place, firing.readAt, firing.runbook);
      if (unreviewed !== undefined) return refused(`${said}: ${unreviewed}`);
      const made = useRunbook({ ...firing.runbook, runbook }, firing.parameters, {
        ...{ repository, targetBranch: firing.branch, key, note: firing.note },
      });
      const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
      const requester = personOf(policy, firing.requester) ?? firing.requester;
      const spec = await deps.artifacts.put(made.bytes);
      note = await deps.firings.claim(key, JSON.stringify({ spec, path: made.path, day, requester }));
    }
    const { spec, path, day, requester } = claimed.parse(JSON.parse(note));
    // A place of the day is taken under the key of the firing, and never given back.
    if (!(await deps.admission.acquireSlot(`triggers#${day}`, key, triggers.max_runs_per_day)))
      return refused(`${said}: triggers.max_runs_per_day, ${triggers.max_runs_per_day}, is used up on ${day}`);
    if (triggers.usd_per_day !== undefined)
      await deps.ledger.reserve({
        ...{ runId: key, taskId: name, team: 'triggers#', sprint: day },
        capMicros: microsOf(Math.min(policy.limits.usd_per_run, maxUsd(runbook) ?? policy.limits.usd_per_run)),
        limitMicros: microsOf(triggers.usd_per_day),
      });
    const { runId, outcome } = await submit(deps, {
      file: path,
      bytes: await deps.artifacts.get(spec),
      ...{ policy, requester, repository, attempt: 1, dryRun: false },
      origin: { branch: firing.branch, commit: firing.commit },
      trigger: { kind: firing.kind, what: firing.what },
      ...defined({ team: triggers.team }),
    });
    return outcome === 'duplicate' ? ignored(`${said} has already run as ${runId}`) : done(`${said} started ${runId}`);
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'BudgetExceeded')
      return refused(`${said}: triggers.usd_per_day, ${formatUsd(microsOf(triggers.usd_per_day ?? 0))}, is used up`);
    if (!isRefusal(error)) throw error;
    return refused(`${said}: ${error.name}: ${error.message}`);
  }
}

/** The cap that a runbook asks for, if it is written as a number. */
function maxUsd({ spec }: Runbook): number | undefined {
  const { max_usd } = (spec.budget ?? {}) as { max_usd?: unknown };
  return typeof max_usd === 'number' ? max_usd : undefined;
}
