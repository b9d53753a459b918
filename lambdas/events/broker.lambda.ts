import { STSClient } from '@aws-sdk/client-sts';
import { createBroker } from '../../adapters/aws/phases/broker.ts';
import { variable } from '../../common/deployment.ts';
import { gitHubAccess } from '../runtime/github.ts';
import { asHandler } from '../runtime/handler.ts';
import { once } from '../runtime/once.ts';
import { secrets } from '../runtime/secrets.ts';
import { grantHolders, phaseStore, phases } from '../runtime/stores.ts';

const sts = once(() => new STSClient({}));

/** Returns the credentials of a phase to its gateway, as its grant allows. */
export const handler = asHandler(async (event) => {
  const broker = createBroker({
    store: phaseStore(),
    phases: phases(),
    holders: grantHolders(),
    sts: sts(),
    storageRole: variable('phaseFiles'),
    bucket: variable('artifacts'),
    clock: { now: Date.now },
    deploymentKeys: (newest) => secrets().versions(variable('deployment'), newest),
    async readToken(scope) {
      const access = await gitHubAccess();
      const { apiUrl } = await secrets().gitHubApp(variable('github'));
      return { apiUrl, gitUrl: access.gitUrl, token: await access.readToken(scope) };
    },
    modelAccess: (provider, endpoint) => secrets().modelAccess(variable('models'), provider, endpoint),
    credential: (name) => secrets().credential(variable('models'), name),
  });
  return broker(event);
});
