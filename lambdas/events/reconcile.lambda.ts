import { createCursor } from '../../adapters/aws/dynamo/cursors.ts';
import { repeatFailedDeliveries } from '../../adapters/github/webhook/deliveries.ts';
import { reports, variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { announce } from '../../pipeline/notices/announce.ts';
import { sendDigest } from '../../pipeline/notices/digest.ts';
import { remind } from '../../pipeline/notices/reminders.ts';
import { checkCi, repair } from '../../pipeline/reconcile/reconcile.ts';
import { survey } from '../../pipeline/reconcile/survey.ts';
import { hasEnded } from '../../pipeline/runs/has-ended.ts';
import { fireSchedules, scheduleMemory } from '../../pipeline/triggers/schedules.ts';
import { createRepositorySweeps } from '../../pipeline/webhooks/repository-sweeps.ts';
import { fargate } from '../runtime/fargate.ts';
import { gitHubAccess } from '../runtime/github.ts';
import { messages, noticeSender } from '../runtime/notices/messages.ts';
import { named } from '../runtime/once.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { telling } from '../runtime/running-phases.ts';
import { secrets } from '../runtime/secrets.ts';
import { withDeps } from '../runtime/step-handler.ts';
import { credentials, dynamo } from '../runtime/stores.ts';
import { logger } from '../runtime/telemetry.ts';
import { inParts } from './parts.ts';

/** How far back deliveries are repeated that failed. GitHub can repeat those of three days. */
const repeatMs = 6 * 60 * 60_000;
/** After this time nothing further is begun. */
const workMs = 200_000;
/** After this time the report is written without the parts that are not done; the function has 300 seconds. */
const partMs = 270_000;

/** Kept as long as the function. */
const heads = new Map<string, string>();
const schedules = scheduleMemory();
const cursor = named(() => createCursor(dynamo(), variable('runs'), 'reconcile'));

/**
 * Runs every few minutes: handles changes without an event, unused credentials, specs without a webhook, schedules of runbooks that are due, and deliveries
 * that failed: nothing but the delivery tells of a review or a comment. One function with parts, because separate functions
 * would need a role, a log, alarms and a survey each; a part that fails or hangs does not hold up the others.
 */
export const handler = withDeps(
  async (deps) => {
    const until = deps.clock.now() + workMs;
    const surveyed = survey(deps, operatorPolicy().notify.remind_hours_before);
    const { found, failed } = await inParts(
      {
        async runs() {
          const { oldestWaitMs, unfinished } = await surveyed;
          const repaired = await repair(deps, await surveyed, cursor(), until);
          return { ...repaired, unfinished: unfinished.size, [reports.waiting]: oldestWaitMs };
        },
        ci: async () => ({ ci: await checkCi(deps, (await surveyed).ci, until) }),
        async specs(signal) {
          const specs = await createRepositorySweeps(deps, operatorPolicy, undefined, heads).sweep(signal);
          return { specs: specs.map(({ outcome, reason }) => ({ outcome, reason })) };
        },
        async schedules(signal) {
          const fired = await fireSchedules(deps, operatorPolicy(), schedules, signal);
          return { schedules: fired.map(({ outcome, reason }) => ({ outcome, reason })) };
        },
        async messages() {
          const { notify } = operatorPolicy();
          const reminders = (await surveyed).reminders;
          for (const gate of reminders) await remind(deps, messages(), gate, notify.remind_hours_before);
          const digests = await sendDigest(deps, messages(), operatorPolicy());
          return { messages: { digests, sent: await noticeSender().sendDue() } };
        },
        deliveries: async () => ({
          repeated: await repeatFailedDeliveries(await gitHubAccess(), deps.clock.now() - repeatMs),
        }),
        credentials: async () => ({ released: await releaseUnused(deps, (await surveyed).unfinished) }),
        ages: () => ages(deps),
      },
      partMs,
    );
    const told = { ...found, ...(Object.keys(failed).length > 0 ? { failed } : {}) };
    logger.info('reconciled', told);
    const names = Object.entries(failed).map(([part, error]) => `${part} (${error})`);
    if (names.length > 0)
      throw new DrydockError('Internal', `These parts of the reconciler failed: ${names.join(', ')}.`);
    return told;
  },
  {
    launching: fargate,
    telling,
    // It carries what messages need, so that it takes no way through the queue.
    announcing: (deps) => ({ tell: (subject) => announce(deps, messages(), subject) }),
  },
);

/** Revokes what was minted for runs that have ended. @returns How many owners that were. */
async function releaseUnused(deps: Deps, unfinished: ReadonlySet<string>): Promise<number> {
  const access = await gitHubAccess();
  let released = 0;
  let failed: unknown;
  for (const owner of await credentials().owners()) {
    if (unfinished.has(owner)) continue;
    // The index of unfinished runs may lag behind; and `hooks` is no run.
    if (owner.startsWith('r-') && !(await hasEnded(deps, owner))) continue;
    try {
      await access.release(owner);
      released += 1;
    } catch (error) {
      failed ??= error;
    }
  }
  // One that cannot be revoked holds up no other, and is told.
  if (failed !== undefined) throw failed;
  return released;
}

async function ages(deps: Deps): Promise<Record<string, unknown>> {
  const [appKey, modelKeys, slack] = await Promise.all([
    secrets().appKeySince(variable('github')),
    secrets().changedAt(variable('models')),
    secrets().changedAt(variable('slack')),
  ]);
  const age = (since: number | undefined): number => (since === undefined ? 0 : deps.clock.now() - since);
  return { [reports.appKey]: age(appKey), [reports.modelKeys]: age(modelKeys), [reports.slack]: age(slack) };
}
