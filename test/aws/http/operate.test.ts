import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { launchFaults, reports } from '../../../lib/names.ts';
import {
  functionId,
  ofType,
  only,
  statementsOfRole,
  synthesizeHere,
  synthesizeStack,
  text,
} from '../../support/aws/template.ts';

const { run } = synthesizeHere();
const alarms = new Map(
  ofType(run, 'AWS::CloudWatch::Alarm').map(([id, alarm]) => [id.replace(/^DrydockAlarms|[0-9A-F]{8}$/g, ''), alarm]),
);

describe('alarms (R41)', () => {
  test('are these, and each says what happened', () => {
    expect([...alarms.keys()].sort()).toEqual([
      'AppKeyOld',
      'DeadLetters',
      'DeliveriesLost',
      'DeliveriesOld',
      'DeliveriesRefused',
      'Errors',
      'ImageBuildFailed',
      'ImageFindings',
      'MachineThrottled',
      'ModelKeysOld',
      'NoCapacity',
      'RotationFailed',
      'RunsFailed',
      'SlackOld',
      'Throttles',
      'Waiting',
    ]);
    for (const [, alarm] of alarms) expect(String(alarm.AlarmDescription).length).toBeGreaterThan(30);
  });

  test('watch both queues of dead letters', () => {
    const queues = ['DeadLetters', 'DeliveriesLost'].map((name) =>
      text((alarms.get(name)?.Dimensions as [{ Value: unknown }])[0].Value),
    );
    const dead = ofType(run, 'AWS::SQS::Queue').filter(([id]) => /DeadLetters/.test(id));
    expect(queues.sort()).toEqual(dead.map(([id]) => `<${id}.QueueName>`).sort());
  });

  test('add up every bad end of a run', () => {
    const metrics = alarms.get('RunsFailed')?.Metrics as { MetricStat?: { Metric: { MetricName: string } } }[];
    expect(metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.MetricName ?? []).sort()).toEqual([
      'ExecutionsAborted',
      'ExecutionsFailed',
      'ExecutionsTimedOut',
    ]);
  });

  test('know of waiting runs and old secrets from the reconciler, and take its silence for a fault (R23)', () => {
    const filters = ofType(run, 'AWS::Logs::MetricFilter')
      .filter(([id]) => !id.includes('NotStarted'))
      .map(([, filter]) => filter);
    const { namespace: _namespace, phase: _measured, ...fieldsOf } = reports;
    const fields = Object.values(fieldsOf).sort();
    expect(filters.map(({ FilterPattern }) => FilterPattern).sort()).toEqual(
      fields.map((field) => `{ $.${field} = "*" }`),
    );
    for (const [name, field, days] of [
      ['AppKeyOld', reports.appKey, 90],
      ['ModelKeysOld', reports.modelKeys, 90],
      ['SlackOld', reports.slack, 90],
      ['Waiting', reports.waiting, 1],
    ] as const) {
      expect(alarms.get(name)).toMatchObject({
        // Of this deployment alone: another one of the account has alarms of its own.
        Namespace: 'Drydock/Drydock',
        MetricName: field,
        Threshold: days * 86_400_000,
        TreatMissingData: name === 'Waiting' ? 'breaching' : 'notBreaching',
      });
    }
    const { Role, LoggingConfig } =
      new Map(ofType(run, 'AWS::Lambda::Function')).get(functionId(run, 'reconcile')) ?? {};
    const group = text((LoggingConfig as { LogGroup: unknown }).LogGroup);
    expect(filters.map(({ LogGroupName }) => text(LogGroupName))).toEqual(fields.map(() => group));
    const actions = statementsOfRole(run, text(Role).slice(1, -5)).flatMap((statement) => statement.actions);
    expect(actions).toContain('secretsmanager:DescribeSecret');
  });

  test('know of phases that ECS did not start from the logs of what starts them, by the beginning of the error (F16)', () => {
    const filters = ofType(run, 'AWS::Logs::MetricFilter').filter(([id]) => id.includes('NotStarted'));
    const groups = (['plan', 'build', 'verify', 'reconcile'] as const).map((name) => {
      const { LoggingConfig } = new Map(ofType(run, 'AWS::Lambda::Function')).get(functionId(run, name)) ?? {};
      return text((LoggingConfig as { LogGroup: unknown }).LogGroup);
    });
    expect(filters.map(([, { LogGroupName }]) => text(LogGroupName)).sort()).toEqual(groups.sort());
    for (const [, { FilterPattern, MetricTransformations }] of filters) {
      for (const begins of Object.values(launchFaults)) expect(FilterPattern).toContain(`$.detail = "${begins}*"`);
      expect(MetricTransformations).toEqual([
        { MetricName: alarms.get('NoCapacity')?.MetricName, MetricNamespace: 'Drydock/Drydock', MetricValue: '1' },
      ]);
    }
  });

  test('watch what the code host delivers: refused, waiting too long, lost (F16)', () => {
    expect(alarms.get('DeliveriesRefused')).toMatchObject({ MetricName: '4xx', Namespace: 'AWS/ApiGateway' });
    expect(alarms.get('DeliveriesOld')).toMatchObject({
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 1_800,
      Dimensions: [{ Value: expect.anything() }],
    });
    expect(text((alarms.get('DeliveriesOld')?.Dimensions as [{ Value: unknown }])[0].Value)).toMatch(/DeliveriesQueue/);
    expect(alarms.get('MachineThrottled')).toMatchObject({ MetricName: 'ExecutionThrottled' });
  });

  test('go to the topic that is given, and so does their end', () => {
    const { template } = synthesizeStack({}, (stack) => ({ alarmTopic: new sns.Topic(stack, 'Topic') }));
    for (const [, alarm] of ofType(template, 'AWS::CloudWatch::Alarm')) {
      for (const action of [alarm.AlarmActions, alarm.OKActions] as unknown[][])
        expect(action.map(text)).toEqual([expect.stringMatching(/^<Topic[0-9A-F]{8}>$/)]);
    }
  });
});

describe('the dashboard', () => {
  test('is one, of at most 50 metrics', () => {
    const body = text(only(run, 'AWS::CloudWatch::Dashboard').DashboardBody);
    const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics?: unknown[] } }[] };
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    expect(metrics.length).toBeGreaterThan(25);
    expect(metrics.length).toBeLessThanOrEqual(50);
  });
});
