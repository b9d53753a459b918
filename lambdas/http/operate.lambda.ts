import { listing } from '../../adapters/aws/dynamo/listing/page.ts';
import { comparing } from '../../adapters/github/merge/comparing.ts';
import { routes } from '../../common/deployment.ts';
import { operate } from '../../pipeline/api/operate.ts';
import { composeDeps } from '../runtime/compose.ts';
import { asHandler } from '../runtime/handler.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { stopping, telling } from '../runtime/running-phases.ts';
import { iamRoute } from './iam-route.ts';

/** Serves the command line: shows runs, starts them, decides gates. */
export const handler = asHandler(
  iamRoute(routes.operate, async (caller, body) =>
    operate(await composeDeps({ comparing, listing, stopping, telling }), operatorPolicy(), caller, body),
  ),
);
