import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { oidc, synthesizeHere } from '../../support/aws/template.ts';

/** What may be acknowledged at all, and where. A new finding, or an old one elsewhere, is a decision of its own. */
const known: Record<string, RegExp> = {
  // Resources with a wildcard; each names it and says why.
  'AwsSolutions-IAM5': /\/(Role|MachineRole|PhaseFiles|S3AddressesRole|\w+ExecutionRole)\/DefaultPolicy\/Resource$/,
  'AwsSolutions-S1': /\/Artifacts\/Resource$/,
  'AwsSolutions-SMG4': /\/(GitHubApp|ModelKeys|DeploymentKey|Slack)\/Resource$/,
  'AwsSolutions-ECS2': /\/GatewayTask$/,
  'AwsSolutions-ECS4': /\/Sandbox\/Cluster$/,
  'AwsSolutions-ECS7': /\/SandboxTask(Node|Python|Java|Go|Rust)$/,
  'AwsSolutions-CB4': /\/ImageBuilds\/Project$/,
  'AwsSolutions-APIG4': /\/(POST--webhook|GET--|(GET|POST)--\{proxy\+\})\/Resource$/,
};

test('the task definitions with services have no finding either', () => {
  const policy = {
    version: 1 as const,
    people: { lead: { email: 'lead@example.com' } },
    review: { approvers: ['lead'] },
  };
  const services = { 'redis:7': { image: `redis@sha256:${'a'.repeat(64)}`, user: '999:999', folders: ['/data'] } };
  const { report } = synthesizeHere({ policy: { ...policy, services } }, (app) =>
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app)),
  );
  expect(report.pluginReports.map(({ violations }) => violations)).toEqual([[], []]);
});

describe('cdk-nag AwsSolutions', () => {
  const { report } = synthesizeHere({ oidc }, (app) => Validations.of(app).addPlugins(new AwsSolutionsChecks(app)));
  const [nag, validate] = report.pluginReports;

  test('finds nothing that is not acknowledged', () => {
    expect([nag?.pluginName, nag?.conclusion, nag?.violations]).toEqual(['AwsSolutions', 'success', []]);
    expect(validate?.violations).toEqual([]);
  });

  test('and what is acknowledged is on this list, for a reason of its own', () => {
    const acknowledged = nag?.suppressedViolations ?? [];
    expect(acknowledged.length).toBeGreaterThan(20);
    const unknown = acknowledged.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs
        .map(({ constructPath }) => constructPath)
        .filter((path) => !known[ruleName.replace(/\[.*$/, '')]?.test(path))
        .map((path) => `${ruleName} ${path}`),
    );
    expect(unknown).toEqual([]);
    expect(acknowledged.filter(({ reason }) => (reason ?? '').length < 30)).toEqual([]);
    const rules = new Set(acknowledged.map(({ ruleName }) => ruleName.replace(/\[.*$/, '')));
    expect([...rules].sort()).toEqual(Object.keys(known).sort());
  });
});
