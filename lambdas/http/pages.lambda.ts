import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { listing } from '../../adapters/aws/dynamo/listing/page.ts';
import { comparing } from '../../adapters/github/merge/comparing.ts';
import { optional, variable } from '../../common/deployment.ts';
import { readScope } from '../../core/review/readers.ts';
import { recordWebAct } from '../../pipeline/audit/record-act.ts';
import { createService } from '../../pipeline/service/service.ts';
import { createWeb } from '../../web/app.ts';
import type { Authenticate, WebAct } from '../../web/options.ts';
import { callbackPath, createLogin } from '../../web/security/login.ts';
import { createIssuer } from '../../web/security/oidc.ts';
import { createSeal } from '../../web/security/sealed-cookie.ts';
import { composeDeps } from '../runtime/compose.ts';
import { asHandler, named } from '../runtime/handler.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { stopping, telling } from '../runtime/running-phases.ts';
import { secrets } from '../runtime/secrets.ts';
import { logger } from '../runtime/telemetry.ts';

// The first call makes what all others use, so that each says what this function carries.
const composed = () => composeDeps({ comparing, listing, stopping });
const audit = async (act: WebAct): Promise<void> => recordWebAct(await composed(), act);

let made: Authenticate | undefined;
/** Cached between requests, including the issuer's metadata. */
function login(): Authenticate {
  const issuer = variable('issuer');
  const clientSecret = optional('clientSecret');
  made ??= createLogin({
    issuer: createIssuer({
      issuer,
      clientId: variable('client'),
      clientSecret: async () => (clientSecret === undefined ? undefined : secrets().text(clientSecret)),
      redirectUri: `${variable('pages')}${callbackPath}`,
      now: Date.now,
    }),
    issuerName: issuer,
    seal: createSeal((newest) => secrets().versions(variable('sessions'), newest)),
    policy: operatorPolicy(),
    now: Date.now,
    audit,
  });
  return made;
}

/** Serves the pages to signed-in people. A response cannot stream, so nothing is shown live. */
export const handler = asHandler(async (event) => {
  const deps = await composeDeps({ comparing, listing, stopping, telling });
  const app = createWeb({
    service: (who) => createService(deps, () => [], readScope(operatorPolicy(), who), 'page'),
    authenticate: login(),
    policy: operatorPolicy(),
    now: Date.now,
    hosts: [new URL(variable('pages')).hostname],
    audit,
    onFault: (error) => {
      const { name, message } = named(error);
      logger.error(name, { detail: message });
    },
  });
  return handle(app)(event as LambdaEvent);
});
