import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expiresAt } from '../../../adapters/aws/dynamo/table/tables.ts';
import { functionNames } from '../../../lib/names.ts';
import { stepNames } from '../../../pipeline/payloads.ts';
import { taskMachine } from '../../../pipeline/task.machine.ts';
import { bundleLambdas } from '../../../scripts/bundle-lambdas.ts';
import {
  functionId,
  ofType,
  only,
  type Resource,
  readTemplate,
  roleStatements,
  root,
  statementsOf,
  statementsOfRole,
  synthesize,
  type Template,
  text,
  type ValidationReport,
} from '../../support/aws/template.ts';
import { createTableRequests } from '../../support/dynamo.ts';

const folder = mkdtempSync(join(tmpdir(), 'drydock-synth-'));
const [first, second] = ['first', 'second'].map((name) => join(folder, name)) as [string, string];
let kept: Template;
let run: Template;

beforeAll(async () => {
  await Promise.all(
    [first, second].map(async (outdir) => {
      mkdirSync(outdir);
      await bundleLambdas(`${outdir}-bundles`);
      await synthesize(outdir, `${outdir}-bundles`);
    }),
  );
  kept = readTemplate(first, 'DrydockState');
  run = readTemplate(first, 'Drydock');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Characters of a value with each reference as long as an ARN gets. */
const filled = (value: unknown): number =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each) && /^(Ref|Fn::)/.test(Object.keys(each)[0] ?? '')
      ? text(each).replace(/<(AWS::|Drydock\w*Alarms)?[^>]*>/g, (all: string, known?: string) =>
          // CloudFormation names an alarm STACK-LOGICALID-SUFFIX: 27 characters at most, the id, and 12.
          'x'.repeat(known === undefined ? 120 : known === 'AWS::' ? 14 : 27 + 1 + (all.length - 2) + 1 + 12),
        )
      : each,
  ).length;
const definitionOf = (template: Template): unknown =>
  ofType(template, 'AWS::StepFunctions::StateMachine')[0]?.[1].DefinitionString ?? '';
const definition = () => JSON.parse(text(only(run, 'AWS::StepFunctions::StateMachine').DefinitionString)) as object;

describe('the synthesized templates', () => {
  test('come out byte-equal twice, every file, without credentials (R38)', () => {
    const digests = (outdir: string): string[] =>
      readdirSync(outdir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => `${relative(outdir, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
        .sort();
    expect(digests(first).length).toBeGreaterThan(functionNames.length);
    expect(digests(second)).toEqual(digests(first));
  });

  test('are found without fault by the validation of the CDK', () => {
    const report = JSON.parse(readFileSync(join(first, 'validation-report.json'), 'utf8')) as ValidationReport;
    expect(report.pluginReports.map(({ conclusion, violations }) => [conclusion, violations])).toEqual([
      ['success', []],
    ]);
  });

  test('stay under 80 % of what CloudFormation takes', () => {
    for (const template of [kept, run]) {
      expect(Object.keys(template.Resources).length).toBeLessThan(400);
      expect(Object.keys(template.Parameters).length).toBeLessThan(160);
      expect(Object.keys(template.Outputs ?? {}).length).toBeLessThan(160);
      expect(Buffer.byteLength(JSON.stringify(template, null, 1))).toBeLessThan(800_000);
      expect(Buffer.byteLength(text(definitionOf(template)))).toBeLessThan(800_000);
      for (const [id] of ofType(template, 'AWS::IAM::Role')) {
        // 10,240 characters of inline policies per role; references grow to ARNs.
        const policies = ofType(template, 'AWS::IAM::Policy').filter(
          ([, { Roles }]) => text((Roles as [unknown])[0]) === `<${id}>`,
        );
        expect(policies.reduce((all, [, { PolicyDocument }]) => all + filled(PolicyDocument), 0)).toBeLessThan(8_192);
      }
      for (const [, each] of ofType(template, 'AWS::Lambda::Function'))
        expect(filled((each.Environment as { Variables?: unknown } | undefined)?.Variables ?? {})).toBeLessThan(3_276);
    }
  });

  test('ask for nothing of the account but the parameters that the state writes', () => {
    const parameters = Object.values(run.Parameters).filter(({ Type }) => Type !== 'String');
    const read = parameters.map(({ Default }) => String(Default));
    const written = ofType(kept, 'AWS::SSM::Parameter').map(([, { Name }]) => String(Name));
    expect(read.filter((name) => !name.startsWith('/cdk-bootstrap/')).sort()).toEqual(written.sort());
  });
});

describe('the state machine', () => {
  const versionId = (step: string): string | undefined =>
    ofType(run, 'AWS::Lambda::Version').find(
      ([, each]) => text(each.FunctionName) === `<${functionId(run, step)}>`,
    )?.[0];

  test('is the one that the embedded engine runs (law 1)', () => {
    expect(definition()).toEqual(
      JSON.parse(JSON.stringify(taskMachine((step) => `<${versionId(step)}>`, '<AWS::Partition>'))) as object,
    );
  });

  test('may invoke every function it names, and no other', () => {
    const named = [...JSON.stringify(definition()).matchAll(/"FunctionName":"(<[^"]+>)"/g)].map((match) => match[1]);
    const role = text(only(run, 'AWS::StepFunctions::StateMachine').RoleArn).slice(1, -5);
    const invokes = statementsOfRole(run, role).filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
    expect(new Set(named).size).toBe(stepNames.length);
    expect([...new Set(named)].sort()).toEqual(stepNames.map((step) => `<${versionId(step)}>`).sort());
    // Every version of them: an execution calls those it was started with.
    const versions = stepNames.map((step) => `<${functionId(run, step)}.Arn>:*`);
    expect([...new Set(invokes.flatMap(({ resources }) => resources))].sort()).toEqual(versions.sort());
  });

  test('has a timeout on each task', () => {
    const { States } = definition() as { States: Record<string, { Type: string; TimeoutSeconds?: unknown }> };
    const tasks = Object.values(States).filter(({ Type }) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(10);
    expect(tasks.filter(({ TimeoutSeconds }) => TimeoutSeconds === undefined)).toEqual([]);
  });

  test('logs no data of an execution', () => {
    const { LoggingConfiguration } = only(run, 'AWS::StepFunctions::StateMachine');
    expect(LoggingConfiguration).toMatchObject({ IncludeExecutionData: false });
  });

  test('answers tokens under the name that the functions were given', () => {
    const machine = only(run, 'AWS::StepFunctions::StateMachine');
    const arns = new Set(
      roleStatements(run)
        .filter(({ actions }) => actions.includes('states:SendTaskSuccess'))
        .flatMap(({ resources }) => resources),
    );
    expect([...arns]).toEqual([
      `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${text(machine.StateMachineName)}`,
    ]);
  });
});

describe('what is kept', () => {
  test('are the tables that one machine has, recoverable and not to be deleted', () => {
    const shape = (table: Record<string, unknown>) => ({
      BillingMode: table.BillingMode,
      KeySchema: table.KeySchema,
      AttributeDefinitions: table.AttributeDefinitions,
      GlobalSecondaryIndexes: table.GlobalSecondaryIndexes,
    });
    const tables = ofType(kept, 'AWS::DynamoDB::Table');
    const asked = createTableRequests({ runs: 'Runs', ledger: 'Ledger', gates: 'Gates' });
    expect(tables).toHaveLength(asked.length);
    for (const request of asked) {
      const [, table] = tables.find(([id]) => id.startsWith(`Storage${request.TableName}`)) ?? [];
      expect(shape(table ?? {})).toEqual(shape({ ...request }));
      expect(table).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      });
    }
  });

  test('is private and encrypted', () => {
    expect(only(kept, 'AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    });
    const plain = statementsOf('bucket', only(kept, 'AWS::S3::BucketPolicy').PolicyDocument);
    expect(plain.filter(({ effect }) => effect === 'Deny').length).toBeGreaterThan(0);
    expect(plain.filter(({ effect }) => effect === 'Allow')).toEqual([]);
    for (const [, table] of ofType(kept, 'AWS::DynamoDB::Table'))
      expect(table.TimeToLiveSpecification).toEqual({ AttributeName: expiresAt, Enabled: true });
    const [rule] = JSON.parse(
      (only(kept, 'AWS::ECR::Repository').LifecyclePolicy as { LifecyclePolicyText: string }).LifecyclePolicyText,
    ).rules;
    expect(rule.selection).toEqual({ tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 60 });
    expect(only(kept, 'AWS::ECR::Repository')).toMatchObject({ ImageTagMutability: 'MUTABLE' });
    expect(only(kept, 'AWS::KMS::Key')).toMatchObject({ EnableKeyRotation: true });
    const secrets = ofType(kept, 'AWS::SecretsManager::Secret');
    expect(secrets).toHaveLength(4);
    for (const [, secret] of secrets) expect(secret).toHaveProperty('KmsKeyId');
    const made = secrets.filter(([, secret]) => secret.GenerateSecretString !== undefined).map(([id]) => id);
    expect(made).toEqual([expect.stringMatching(/DeploymentKey/)]);
  });

  test('has logical ids that never change: a new id would be a new, empty table', async () => {
    const held = (template: Template): string[] =>
      Object.entries(template.Resources)
        .filter(([, resource]: [string, Resource]) => resource.DeletionPolicy?.startsWith('Retain') === true)
        // Their ids name what was published.
        .filter(([, { Type }]) => Type !== 'AWS::Lambda::Version')
        .map(([id, { Type }]) => `${Type} ${id}`)
        .sort();
    const lines = [...held(kept).map((line) => `DrydockState ${line}`), ...held(run).map((line) => `Drydock ${line}`)];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(root, 'test/golden/retained-ids.txt'));
  });

  test('has files of phases that end, and artifacts of runs that do not', () => {
    const { Rules } = only(kept, 'AWS::S3::Bucket').LifecycleConfiguration as { Rules: Record<string, unknown>[] };
    expect(Rules.map(({ Prefix, ExpirationInDays }) => [Prefix, ExpirationInDays])).toEqual([
      [undefined, undefined],
      ['cache/', 30],
      ['phases/', 30],
      ['agents/', 30],
      ['orders/', 30],
    ]);
  });

  test('has logs that end', () => {
    const groups = [...ofType(run, 'AWS::Logs::LogGroup'), ...ofType(kept, 'AWS::Logs::LogGroup')];
    expect(groups.length).toBeGreaterThan(functionNames.length);
    expect(groups.filter(([, { RetentionInDays }]) => typeof RetentionInDays !== 'number')).toEqual([]);
  });
});
