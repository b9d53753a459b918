/** What a function says of itself: its log and its metrics. Bundled, in a process of its own as in Lambda. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { reports, variables } from '../../../common/deployment.ts';
import { startAws } from '../../support/aws/stand-in.ts';
import { ofType, only, root, synthesizeHere, text } from '../../support/aws/template.ts';

const folder = inject('bundles');
const runId = `r-${'a'.repeat(40)}`;
const secret = 'the-private-key';

/** Invokes a function whose AWS refuses everything but secrets; gives what it printed. */
async function invoke(name: string, event: unknown) {
  const aws = await startAws({
    'secretsmanager:GetSecretValue': ({ SecretId }) => ({
      ARN: SecretId,
      SecretString: JSON.stringify({ appId: 1, privateKey: secret, webhookSecrets: ['w'.repeat(20)] }),
    }),
  });
  const script = `const { handler } = await import(${JSON.stringify(pathToFileURL(join(folder, name, 'index.mjs')).href)});
const context = { functionName: ${JSON.stringify(name)}, functionVersion: '1', invokedFunctionArn: 'arn', memoryLimitInMB: '512', awsRequestId: 'q-1' };
await handler(${JSON.stringify(event)}, context).catch((error) => console.log('threw ' + error.name));`;
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'k',
        AWS_SECRET_ACCESS_KEY: 's',
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        LAMBDA_TASK_ROOT: '/var/task',
        AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
        _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
        [variables.github]: 'github',
        [variables.runs]: 'runs',
        [variables.gates]: 'gates',
        [variables.artifacts]: 'artifacts',
      },
    });
    return `${stdout}\n${stderr}`.split('\n').filter(Boolean);
  } finally {
    await aws.close();
  }
}

test('R27 a failure is one line of JSON with run, request, trace and name, and no secret', async () => {
  const lines = await invoke('validate', { runId });
  const logged = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const thrown = lines.find((line) => line.startsWith('threw '))?.slice('threw '.length);
  expect(thrown).toBeDefined();
  expect(logged).toEqual([
    expect.objectContaining({
      level: 'ERROR',
      message: thrown,
      runId,
      function_name: 'validate',
      function_request_id: 'q-1',
      service: 'drydock',
      xray_trace_id: '1-5759e988-bd862e3fe1be46a994272793',
    }),
  ]);
  expect(JSON.stringify(lines)).not.toContain(secret);
});

test('D1 no function carries the X-Ray SDK or a layer with it: Lambda makes the trace', () => {
  const carrying = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.mjs'))
    .filter((file) => readFileSync(join(folder, file), 'utf8').includes('addNewSubsegment'));
  expect(carrying).toEqual([]);
  const ours = ofType(synthesizeHere().run, 'AWS::Lambda::Function').filter(([id]) => id.startsWith('Drydock'));
  expect(ours.map(([, { TracingConfig }]) => TracingConfig)).toEqual(ours.map(() => ({ Mode: 'Active' })));
});

test('R27 how long a phase took is measured as the dashboard asks for it', async () => {
  const module = pathToFileURL(join(root, 'lambdas/runtime/phase-metrics.ts')).href;
  const script = `const { measurePhase } = await import(${JSON.stringify(module)}); measurePhase('plan', 1200);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
    env: { PATH: process.env.PATH, DRYDOCK_METRICS: 'Drydock/Drydock' },
  });
  const said = JSON.parse(stdout) as { _aws: { CloudWatchMetrics: [{ Namespace: string; Dimensions: string[][] }] } };
  const [{ Namespace, Dimensions }] = said._aws.CloudWatchMetrics;
  expect(said).toMatchObject({ [reports.phase]: 1_200 });
  const values = (Dimensions[0] ?? []).flatMap((name) => [name, (said as unknown as Record<string, string>)[name]]);
  const shown = JSON.parse(text(only(synthesizeHere().run, 'AWS::CloudWatch::Dashboard').DashboardBody)) as {
    widgets: { properties: { metrics?: unknown[][] } }[];
  };
  const asked = shown.widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([namespace, name]) => namespace === Namespace && name === reports.phase)
    .map(([, , ...dimensions]) => dimensions.filter((part) => typeof part === 'string').sort());
  expect(asked).toContainEqual(values.sort());
});
