import { repeatFailedDeliveries } from '../../adapters/github/webhook/deliveries.ts';
import { reports, variable } from '../../common/deployment.ts';
import { isFinal } from '../../core/run/status.ts';
import { reconcile } from '../../pipeline/reconcile.ts';
import { createRepositorySweeps } from '../../pipeline/webhooks/repository-sweeps.ts';
import { gitHubAccess } from '../runtime/github.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { secrets } from '../runtime/secrets.ts';
import { withDeps } from '../runtime/step-handler.ts';
import { credentials } from '../runtime/stores.ts';
import { logger } from '../runtime/telemetry.ts';

/** How far back deliveries are repeated that failed. GitHub can repeat those of three days. */
const repeatMs = 6 * 60 * 60_000;

/**
 * Runs every few minutes: handles changes without an event, unused credentials, specs without a webhook, and deliveries
 * that failed: nothing but the delivery tells of a review or a comment.
 */
export const handler = withDeps(async (deps) => {
  const { found, oldestWaitMs } = await reconcile(deps);
  const access = await gitHubAccess();
  for (const owner of await credentials().owners()) {
    const run = await deps.runs.get(owner);
    if (!owner.startsWith('r-') || !run || isFinal(run.status)) await access.release(owner);
  }
  const repeated = await repeatFailedDeliveries(access, deps.clock.now() - repeatMs);
  const specs = await createRepositorySweeps(deps, operatorPolicy).sweep();
  const [appKey, modelKeys, slack] = await Promise.all([
    secrets().appKeySince(variable('github')),
    secrets().changedAt(variable('models')),
    secrets().changedAt(variable('slack')),
  ]);
  const age = (since: number | undefined): number => (since === undefined ? 0 : deps.clock.now() - since);
  const told = {
    found,
    repeated,
    specs: specs.map(({ outcome, reason }) => ({ outcome, reason })),
    [reports.waiting]: oldestWaitMs,
    [reports.appKey]: age(appKey),
    [reports.modelKeys]: age(modelKeys),
    [reports.slack]: age(slack),
  };
  logger.info('reconciled', told);
  return told;
});
