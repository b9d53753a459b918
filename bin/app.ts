import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { packageRoot } from '../common/package-info.ts';
import { defined } from '../core/defined.ts';
import { type DeploymentSettings, parseSettings, settingsFile } from '../core/deployment/settings.ts';
import { DrydockError } from '../core/errors.ts';
import { addDeployment } from '../lib/deployment.ts';
import { toolchainNames } from '../lib/names.ts';

/**
 * The CDK app. It reads `drydock.aws.yaml` of the current folder, or the file of the context `settings`; the context overrides:
 * `policy`, path of the policy file; `gatewayImage`, `nodeImage` and so on, digests of pushed images; `zones`; `proxyUrl`, the
 * proxy for the outgoing traffic of gateways; `bundles`, folder of the functions' bundles, and `contexts`, of the images' build contexts; for pages `oidcIssuer`,
 * `oidcClient`, and optionally `oidcSecret` (ARN of the client's secret) and `pagesUrl`. A deployment without a policy is refused.
 */
const app = new App({ analyticsReporting: false });
const given = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;

const file = given('settings') ?? settingsFile;
const inFile = given('settings') !== undefined || existsSync(file) ? read(file) : undefined;
const policy = given('policy');
const [zones, bundles, proxyUrl] = ['zones', 'bundles', 'proxyUrl'].map(given);
const images = ['gateway', ...toolchainNames].flatMap((name) => {
  const digest = given(`${name}Image`);
  return digest === undefined ? [] : [[name, digest]];
});
const [issuer, client, clientSecret, url] = ['oidcIssuer', 'oidcClient', 'oidcSecret', 'pagesUrl'].map(given);
if (inFile === undefined && policy === undefined) {
  throw new DrydockError('UsageError', 'There is no policy to deploy.', {
    remedy: `Write ${settingsFile} with \`version: 1\` and \`policy: FILE\`, or pass -c policy=FILE.`,
  });
}
const settings: DeploymentSettings = {
  ...(inFile ?? { version: 1, name: 'Drydock', policy: '' }),
  // A path of the context is relative to the current folder.
  ...(policy === undefined ? {} : { policy: resolve(policy) }),
  ...(zones === undefined ? {} : { zones: Number(zones) }),
  ...(images.length === 0 ? {} : { images: { ...inFile?.images, ...Object.fromEntries(images) } }),
  ...(proxyUrl === undefined ? {} : { egress: { public: false, ...inFile?.egress, proxy_url: proxyUrl } }),
  ...(issuer === undefined
    ? {}
    : { pages: { issuer, client: client ?? '', ...defined({ client_secret: clientSecret, url }) } }),
};
addDeployment(app, settings, { file, bundles, contexts: given('contexts') ?? join(packageRoot(), 'dist/images') });
app.synth();

function read(path: string): DeploymentSettings {
  const { settings: found, problems } = parseSettings(readFileSync(path));
  if (found) return found;
  const faults = problems.map((each) => `${path}:${each.line}:${each.column} ${each.rule}: ${each.message}`);
  throw new DrydockError('UsageError', `The settings of the deployment have faults:\n${faults.join('\n')}`);
}
