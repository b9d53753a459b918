import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { packageRoot } from '../common/package-info.ts';
import { defined } from '../core/defined.ts';
import { toolchainNames } from '../lib/names.ts';
import type { Images } from '../lib/props/images.ts';
import { addStacks } from '../lib/stacks.ts';

/**
 * The CDK app. Context: `policy`, path of the policy file; `gatewayImage`, `nodeImage` and so on, digests of pushed
 * images; `zones`; `proxyUrl`, the proxy for the outgoing traffic of gateways; `bundles`, folder of the functions'
 * bundles; for pages `oidcIssuer`, `oidcClient`, and optionally `oidcSecret` (ARN of the client's secret) and
 * `pagesUrl`.
 */
const app = new App({ analyticsReporting: false });
const given = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
const [zones, bundles, proxyUrl] = ['zones', 'bundles', 'proxyUrl'].map(given);
const images = ['gateway', ...toolchainNames].flatMap((name) => {
  const digest = given(`${name}Image`);
  return digest === undefined ? [] : [[name, digest]];
});
const [issuer, clientId, clientSecret, url] = ['oidcIssuer', 'oidcClient', 'oidcSecret', 'pagesUrl'].map(given);
addStacks(app, {
  policy: given('policy') ?? join(packageRoot(), 'examples/aws/drydock.policy.yaml'),
  images: Object.fromEntries(images) as Images,
  ...(zones === undefined ? {} : { zones: Number(zones) }),
  ...(proxyUrl === undefined ? {} : { egress: { proxyUrl } }),
  ...defined({ bundles }),
  ...(issuer === undefined
    ? {}
    : {
        oidc: {
          issuer,
          clientId: clientId ?? '',
          ...defined({ clientSecret, url }),
        },
      }),
});
app.synth();
