import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { stringify } from 'yaml';
import { parseSettings } from '../../../core/deployment/settings.ts';
import { addDeployment } from '../../../lib/deployment.ts';
import {
  readTemplate,
  root,
  type Template,
  type ValidationReport,
  writeBundles,
  writeImageContexts,
} from '../aws/template.ts';

export const examplePolicy = join(root, 'examples/aws/drydock.policy.yaml');

interface Deployment {
  kept: Template;
  run: Template;
  /** Of cdk-nag. */
  findings: unknown[];
}

/** The two stacks as a drydock.aws.yaml with these fields describes them. */
export function settingsTemplates(fields: object): Deployment {
  const { settings, problems } = parseSettings(
    Buffer.from(stringify({ version: 1, policy: examplePolicy, ...fields })),
  );
  if (!settings) throw new Error(JSON.stringify(problems));
  const folder = mkdtempSync(join(tmpdir(), 'drydock-settings-'));
  try {
    const app = new App({ outdir: join(folder, 'out'), analyticsReporting: false });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    addDeployment(app, settings, {
      file: join(folder, 'drydock.aws.yaml'),
      bundles: writeBundles(join(folder, 'bundles')),
      contexts: writeImageContexts(join(folder, 'contexts')),
    });
    const { directory } = app.synth();
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as ValidationReport;
    return {
      kept: readTemplate(directory, `${settings.name}State`),
      run: readTemplate(directory, settings.name),
      findings: report.pluginReports.flatMap(({ violations }) => violations),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const given = (zone: string, n: number) => ({
  zones: [zone],
  subnets: [`subnet-0a1b2c3${n}`],
  route_tables: [`rtb-0a1b2c3${n}`],
});
/** Networks that are there. */
export const givenNetworks = {
  sandbox_network: { id: 'vpc-0a1b2c31', range: '10.8.0.0/16', ...given('us-east-1a', 1) },
  egress: { network: { id: 'vpc-0a1b2c32', range: '10.9.0.0/16', ...given('us-east-1a', 2) } },
};
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
/** All that can be set beside networks that are there. */
export const everySetting = {
  name: 'DrydockDev',
  region: 'eu-central-1',
  account: '123456789012',
  zone_names: ['eu-central-1a', 'eu-central-1b'],
  ranges: { sandbox: '10.50.0.0/20', egress: '10.50.16.0/20' },
  alarms: { email: 'ops@acme.example' },
  roles: { approve: [role('leads')], setup: [role('admins')] },
  boundary: 'arn:aws:iam::123456789012:policy/boundary',
  encryption_key: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0a1b-4c3d-8e9f-0123456789ab',
  domain: {
    name: 'drydock.acme.example',
    certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0a1b-4c3d-8e9f-0123456789ab',
    hosted_zone: 'Z0123456789ABCDEFGHIJ',
  },
  images: { node: `sha256:${'1'.repeat(64)}` },
  pages: { issuer: 'https://login.example.com', client: 'drydock' },
};
