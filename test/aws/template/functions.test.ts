import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { functionNames, routes } from '../../../lib/names.ts';
import {
  functionId,
  ofType,
  oidc,
  only,
  roleStatements,
  root,
  statementsOf,
  statementsOfRole,
  synthesizeHere,
  text,
} from '../../support/aws/template.ts';

const { kept, run } = synthesizeHere({ oidc });
const all = new Map(ofType(run, 'AWS::Lambda::Function'));
const of = (name: string): Record<string, unknown> => all.get(functionId(run, name)) ?? {};
const roleOf = (name: string): string => text(of(name).Role).slice(1, -5);
const variablesOf = (name: string) => (of(name).Environment as { Variables: Record<string, unknown> }).Variables;
const isBroker = (arn: string): boolean => arn.includes(functionId(run, 'broker'));
/** Functions that may do something, with a resource of that name where one is given. */
const who = (action: string, resource = ''): string[] =>
  functionNames.filter((name) =>
    statementsOfRole(run, roleOf(name)).some(
      ({ actions, resources }) =>
        actions.includes(action) && (resource === '' || resources.some((each) => each.includes(resource))),
    ),
  );

describe('the functions', () => {
  test('are one per step and per event, each with a log that ends and no secret in its environment', () => {
    const ours = functionNames.map((name) => functionId(run, name));
    for (const name of functionNames) {
      expect({ name, ...of(name) }).toMatchObject({
        name,
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout:
          { webhook: 10, 'webhook-worker': 30, broker: 60, pages: 29, operate: 29, diagnose: 29, setup: 29 }[
            name as string
          ] ?? 300,
        LoggingConfig: { LogGroup: expect.anything() },
      });
      const names = Object.keys(variablesOf(name));
      expect(names.filter((each) => !/^DRYDOCK_[A-Z_]+$/.test(each))).toEqual([]);
      expect(JSON.stringify(variablesOf(name))).not.toContain('resolve:secretsmanager');
    }
    // The one that is not ours asks for the prefix list of S3, once per deployment.
    expect([...all.keys()].filter((id) => !ours.includes(id))).toEqual([expect.stringMatching(/^AWS679f53fac/)]);
  });

  test('that are called by events have dead letters (R12)', () => {
    for (const name of ['settle-phase', 'settle-run'])
      expect(text((of(name).DeadLetterConfig as { TargetArn: unknown }).TargetArn)).toMatch(/ControlDeadLetters/);
    const targets = ofType(run, 'AWS::Events::Rule').flatMap(
      ([, { Targets = [] }]) => Targets as { Arn: unknown; DeadLetterConfig?: { Arn: unknown } }[],
    );
    // A build that was not started is started again within days.
    const functions = targets.filter(({ Arn }) => !text(Arn).includes('ImageBuilds'));
    expect(functions.map(({ Arn, DeadLetterConfig }) => [text(Arn), text(DeadLetterConfig?.Arn)]).sort()).toEqual([
      [expect.stringContaining('ControlReconcile'), 'undefined'],
      [expect.stringContaining('ControlSettlePhase'), expect.stringContaining('ControlDeadLetters')],
      [expect.stringContaining('ControlSettleRun'), expect.stringContaining('ControlDeadLetters')],
    ]);
  });

  test('hear of each end that the machine itself cannot settle, every five minutes too (R12)', () => {
    const patterns = ofType(run, 'AWS::Events::Rule').map(([, rule]) => rule.EventPattern ?? rule.ScheduleExpression);
    expect(patterns).toContainEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [expect.anything()], status: ['ABORTED', 'FAILED', 'TIMED_OUT'] },
    });
    expect(patterns).toContain('rate(5 minutes)');
    const asynchronous = ofType(run, 'AWS::Lambda::EventInvokeConfig').map(([id, config]) => [
      /Control(Reconcile|Settle[A-Za-z]+?)Function/.exec(id)?.[1],
      config.MaximumRetryAttempts,
      config.MaximumEventAgeInSeconds,
    ]);
    // Lambda repeats an event itself, whatever the rule says: the reconciler comes again anyway.
    expect(asynchronous.sort()).toEqual([
      ['Reconcile', 0, 300],
      ['SettlePhase', 2, 7_200],
      ['SettleRun', 2, 7_200],
    ]);
  });

  test('launch only where a phase begins, and read the keys of models only in the broker (R16)', () => {
    expect(who('ecs:RunTask')).toEqual(['plan', 'build', 'verify', 'reconcile']);
    expect(who('iam:PassRole')).toEqual(['plan', 'build', 'verify', 'reconcile']);
    // `diagnose` tells whether a key is there.
    expect(who('secretsmanager:GetSecretValue', 'drydockmodels')).toEqual(['broker', 'diagnose']);
    expect(who('secretsmanager:GetSecretValue', 'drydockdeployment')).toEqual([
      'plan',
      'build',
      'verify',
      'reconcile',
      'broker',
      'diagnose',
      'rotate',
    ]);
    // The broker believes what stands there.
    expect(who('s3:PutObject', '/orders/')).toEqual(['plan', 'build', 'verify', 'reconcile']);
    expect(who('s3:PutObject', '>/*')).toEqual([]);
    // Dispatch starts the parts of campaigns.
    expect(who('states:StartExecution')).toEqual(['dispatch', 'reconcile', 'webhook-worker', 'operate', 'pages']);
    expect(who('sts:AssumeRole')).toEqual(['broker']);
    const received = statementsOfRole(run, roleOf('webhook')).flatMap(({ actions }) => actions);
    expect(received.sort()).toEqual([
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('read the policy where they decide under the one of today, as a file', () => {
    const layered = functionNames.filter((name) => of(name).Layers !== undefined);
    const told = functionNames.filter((name) => 'DRYDOCK_POLICY' in variablesOf(name));
    expect(told).toEqual(layered);
    expect(layered).toEqual(expect.arrayContaining(['webhook-worker', 'reconcile']));
  });
});

describe('names that functions and infrastructure share', () => {
  test('are what the gateway task reads', () => {
    const [, task] = ofType(run, 'AWS::ECS::TaskDefinition').find(([id]) => id.includes('GatewayTask')) ?? [];
    const [container] = task?.ContainerDefinitions as { Environment: { Name: string }[] }[];
    const source = readFileSync(join(root, 'programs/gateway.ecs.ts'), 'utf8');
    const read = [...source.matchAll(/^ {2}(DRYDOCK_[A-Z_]+): (?!.*optional)/gm)].map((match) => match[1]);
    // Those two come with the phase.
    const phase = ['DRYDOCK_PHASE_KEY', 'DRYDOCK_GRANT'];
    const given = container?.Environment.map(({ Name }) => Name) ?? [];
    expect([...given, ...phase].sort()).toEqual(read.sort());
  });

  test('name a function for each source, and the other way round', () => {
    const sources = readdirSync(join(root, 'lambdas'), { recursive: true, encoding: 'utf8' }).flatMap(
      (file) => /([^/]+)\.lambda\.ts$/.exec(file)?.[1] ?? [],
    );
    expect(sources.sort()).toEqual([...functionNames].sort());
  });
});

describe('what a gateway may do (law 2)', () => {
  test('is to call the broker, and the models of Bedrock that the policy names a region for', () => {
    const [, task] = ofType(run, 'AWS::ECS::TaskDefinition').find(([id]) => id.includes('GatewayTask')) ?? [];
    const role = text(task?.TaskRoleArn).slice(1, -5);
    expect(statementsOfRole(run, role).map(({ actions, resources }) => [actions, resources])).toEqual([
      [['lambda:InvokeFunction'], [`<${functionId(run, 'broker')}.Arn>`]],
      [
        ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
        [
          'arn:<AWS::Partition>:bedrock:*::foundation-model/*',
          'arn:<AWS::Partition>:bedrock:us-east-1:<AWS::AccountId>:inference-profile/*',
        ],
      ],
    ]);
    const callers = roleStatements(run)
      .filter(({ actions, resources }) => actions.includes('lambda:InvokeFunction') && resources.some(isBroker))
      .map(({ of: policy }) => policy);
    expect(callers).toEqual([expect.stringContaining('GatewayTaskRole')]);
    expect(ofType(run, 'AWS::Lambda::Permission').filter(([, each]) => isBroker(text(each.FunctionName)))).toEqual([]);
  });

  test('with credentials from the broker is to read and write below phases/ and cache/, and to read the files of profiles', () => {
    const [id, role] = ofType(run, 'AWS::IAM::Role').find(([each]) => each.includes('PhaseFiles')) ?? ['', {}];
    expect(JSON.stringify(role.AssumeRolePolicyDocument)).toContain(roleOf('broker'));
    const [files, agents, key] = statementsOfRole(run, id);
    expect(files?.actions).toEqual(['s3:GetObject', 's3:PutObject']);
    const parts = files?.resources.map(
      (arn) => /^arn:<AWS::Partition>:s3:::<[^>]*artifacts[^>]*>\/(.*)$/.exec(arn)?.[1],
    );
    expect(parts).toEqual(['phases/*', 'cache/*']);
    // The files of profiles are written by launchers alone.
    expect(agents?.actions).toEqual(['s3:GetObject']);
    expect(agents?.resources.map((arn) => arn.replace(/^.*>/, ''))).toEqual(['/agents/*']);
    expect(key?.conditions).toEqual({ StringEquals: { 'kms:ViaService': [expect.anything()] } });
  });
});

describe('messages of the code host (R10)', () => {
  test('come in by POST /webhook alone; every other route is authorized by IAM; throttled and logged', () => {
    const plain = synthesizeHere().run;
    const found = ofType(plain, 'AWS::ApiGatewayV2::Route').map(([, route]) => [
      route.RouteKey,
      route.AuthorizationType,
    ]);
    expect(Object.fromEntries(found)).toEqual({
      'POST /webhook': 'NONE',
      ...Object.fromEntries(Object.values(routes).map((route) => [route, 'AWS_IAM'])),
    });
    expect(functionId(plain, 'pages')).toBe('no pages');
    expect(only(run, 'AWS::ApiGatewayV2::Stage')).toMatchObject({
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 50 },
      RouteSettings: { 'POST /webhook': { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 } },
      AccessLogSettings: { DestinationArn: expect.anything(), Format: expect.not.stringContaining('authorization') },
    });
  });

  test('wait in a queue that keeps what could not be worked on', () => {
    const queues = new Map(ofType(run, 'AWS::SQS::Queue'));
    const [id, queue] = [...queues].find(([each]) => /DeliveriesQueue/.test(each)) ?? ['', {}];
    const { deadLetterTargetArn, maxReceiveCount } = queue.RedrivePolicy as Record<string, unknown>;
    expect([text(deadLetterTargetArn), maxReceiveCount]).toEqual([expect.stringContaining('DeadLetters'), 80]);
    const consumer = only(run, 'AWS::Lambda::EventSourceMapping');
    expect(text(consumer.EventSourceArn)).toBe(`<${id}.Arn>`);
    expect(consumer).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    // What failed is tried again soon, for four hours.
    expect(queue.VisibilityTimeout).toBe(180);
    // Six times the consumer's timeout, as the event source asks for.
    expect(Number(queue.VisibilityTimeout)).toBe(6 * Number(of('webhook-worker').Timeout));
  });

  test('and every other queue are encrypted, and closed to plain HTTP', () => {
    const queues = ofType(run, 'AWS::SQS::Queue');
    expect(queues).toHaveLength(3);
    const closed = ofType(run, 'AWS::SQS::QueuePolicy')
      .filter(([id, { PolicyDocument }]) =>
        statementsOf(id, PolicyDocument).some(
          ({ effect, conditions }) =>
            effect === 'Deny' && JSON.stringify(conditions) === '{"Bool":{"aws:SecureTransport":"false"}}',
        ),
      )
      .flatMap(([, { Queues }]) => (Queues as unknown[]).map(text));
    expect(closed.sort()).toEqual(queues.map(([id]) => `<${id}>`).sort());
    for (const [, queue] of queues) expect(queue).toMatchObject({ SqsManagedSseEnabled: true });
  });
});

describe('permissions', () => {
  test('name each action, and `*` resources only as this list explains', () => {
    const statements = [...roleStatements(run), ...roleStatements(kept)].filter(({ effect }) => effect === 'Allow');
    expect(statements.length).toBeGreaterThan(100);
    expect(statements.flatMap(({ actions }) => actions).filter((action) => action.includes('*'))).toEqual([]);
    const everything = statements
      .filter(({ resources }) => resources.includes('*'))
      // Tasks of Fargate are listed by no resource; the cluster is the condition.
      .filter(({ actions, conditions }) => actions.join() !== 'ecs:ListTasks' || !('ArnEquals' in conditions))
      // Traces have no ARN in IAM; each function writes its own.
      .filter(({ actions }) => actions.join() !== 'xray:PutTraceSegments,xray:PutTelemetryRecords')
      .map(({ of: policy, actions }) => `${policy.replace(/[0-9A-F]{8}$/, '')}: ${actions.join(' ')}`);
    expect([...new Set(everything)].sort()).toEqual([
      // what an account may do at once has no ARN
      'DrydockControlDiagnoseRoleDefaultPolicy: lambda:GetAccountSettings',
      // deliveries of logs have no ARN in IAM
      'DrydockControlMachineRoleDefaultPolicy: logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups',
      // traces have none either
      'DrydockControlMachineRoleDefaultPolicy: xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets',
      // a token of the registry is for no repository in particular
      'DrydockImageBuildsRoleDefaultPolicy: ecr:GetAuthorizationToken',
      // EC2 lists its prefix lists as a whole
      'DrydockNetworkImagesS3AddressesRoleDefaultPolicy: ec2:DescribeManagedPrefixLists',
      // a token of the registry is for no repository in particular
      'DrydockSandboxGatewayExecutionRoleDefaultPolicy: ecr:GetAuthorizationToken',
      'DrydockSandboxSandboxExecutionRoleDefaultPolicy: ecr:GetAuthorizationToken',
    ]);
  });

  test('of endpoints are pinned to this account, this repository and the layers', () => {
    const endpoints = ofType(run, 'AWS::EC2::VPCEndpoint');
    expect(endpoints.map(([, { ServiceName }]) => text(ServiceName)).sort()).toEqual([
      'com.amazonaws.<AWS::Region>.ecr.api',
      'com.amazonaws.<AWS::Region>.ecr.dkr',
      'com.amazonaws.<AWS::Region>.s3',
    ]);
    for (const [id, { PolicyDocument, ServiceName }] of endpoints) {
      const statements = statementsOf(id, PolicyDocument);
      expect(statements.length).toBeGreaterThan(0);
      for (const { actions, resources, conditions } of statements) {
        if (text(ServiceName).endsWith('.s3')) {
          expect(actions).toEqual(['s3:GetObject']);
          expect(resources).toEqual(['arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*']);
          continue;
        }
        expect(conditions).toEqual({ StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } });
        if (!actions.includes('ecr:GetAuthorizationToken')) {
          expect(resources).toEqual([expect.stringMatching(/:repository\/<SsmParameterValuedrydockimages/)]);
        }
      }
    }
  });
});
