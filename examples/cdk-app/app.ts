import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Drydock, type PolicyInput } from 'drydock/cdk';

const policy: PolicyInput = {
  version: 1,
  people: {
    lead: { email: 'lead@example.com', github: 'lead-gh', iam: 'arn:aws:iam::123456789012:role/lead' },
    second: { email: 'second@example.com', github: 'second-gh' },
  },
  repositories: { 'acme/frontend': { host: 'github', trusted_branches: ['main'], team: 'web' } },
  agents: {
    profiles: {
      careful: { kind: 'acp', command: ['gemini', '--acp'], provider: 'google', model: 'gemini-2.5-pro' },
    },
  },
  limits: { usd_per_run: 10, concurrent_runs: 4 },
  review: { approvers: ['lead', 'second'], required_reviewers: 1 },
};

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, 'Agents');
const drydock = new Drydock(stack, 'Drydock', {
  policy,
  zones: 2,
  alarmTopic: new Topic(stack, 'Alarms'),
  removalPolicy: RemovalPolicy.RETAIN,
});
drydock.grantApprove(new Role(stack, 'Operators', { assumedBy: new AccountRootPrincipal() }));
app.synth();
