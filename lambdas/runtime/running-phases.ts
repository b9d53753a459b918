import { variable } from '../../common/deployment.ts';
import type { PhaseLauncher } from '../../core/ports/runtime/launcher.ts';
import type { PhaseInbox } from '../../core/ports/runtime/phase-inbox.ts';
import { later, once } from './once.ts';
import { phaseStore } from './stores.ts';

/** Stops the tasks of phases, for functions that start none. */
export const stopping = once(() =>
  later<Pick<PhaseLauncher, 'stop'>>(async () => {
    const [{ ECSClient }, { createStopper }] = await Promise.all([
      import('@aws-sdk/client-ecs'),
      import('../../adapters/aws/phases/stopper.ts'),
    ]);
    return createStopper(new ECSClient({}), variable('cluster'));
  }, {}),
);

/** Brings to running agents what people say. */
export const telling = (): PhaseInbox => ({
  deliver: ({ phaseId, attempt }, remarks) => phaseStore().putRemarks(`${phaseId}/${attempt}`, remarks),
});
