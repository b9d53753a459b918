import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Control } from '../control/control.ts';
import { type EventFunction, reports } from '../names.ts';

interface AlarmsProps {
  control: Control;
  broker: lambda.IFunction;
  /** Told of each alarm and of its end. */
  topic: sns.ITopic | undefined;
}

/** Bad ends within an hour that are more than a rejected run or an unlucky one. */
const runsAnHour = 3;
const dayMs = 86_400_000;
/** Days after which docs/rotation.md asks for a new value of a secret that nothing rotates. */
const secretDays = 90;

const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;
const { GREATER_THAN_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD } = cloudwatch.ComparisonOperator;

/**
 * What a person has to look at. Steps that fail are no alarm by themselves: a red baseline is an error of Lambda too, and
 * the run ends with it.
 */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, { control, broker, topic }: AlarmsProps) {
    super(scope, id);
    const add = (
      name: string,
      says: string,
      metric: cloudwatch.IMetric,
      props: Partial<cloudwatch.AlarmProps> = {},
    ) => {
      const alarm = new cloudwatch.Alarm(this, name, {
        alarmDescription: says,
        metric,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: NOT_BREACHING,
        ...props,
      });
      if (topic) {
        alarm.addAlarmAction(new SnsAction(topic));
        alarm.addOkAction(new SnsAction(topic));
      }
      this.all.push(alarm);
    };

    const hour = { period: Duration.hours(1), statistic: 'Sum' };
    const { stateMachine } = control;
    add(
      'RunsFailed',
      'Runs failed, timed out or were stopped, more than single ones: see the console of the state machine',
      sum(
        [stateMachine.metricFailed(hour), stateMachine.metricTimedOut(hour), stateMachine.metricAborted(hour)],
        hour.period,
      ),
      { threshold: runsAnHour },
    );
    const minutes = { period: Duration.minutes(5) };
    add(
      'DeadLetters',
      'An event could not be worked off; the reconciler will find what it was about',
      control.deadLetters.metricApproximateNumberOfMessagesVisible(minutes),
    );
    add(
      'DeliveriesLost',
      'A message of the code host could not be worked on; send it again from the dead letters when the cause is gone',
      control.deliveries.deadLetters.metricApproximateNumberOfMessagesVisible(minutes),
    );
    const of = (name: EventFunction) => control.functions.get(name);
    const failing = (['reconcile', 'webhook', 'pages'] as const).map((name) => of(name)?.metricErrors(hour));
    add(
      'Errors',
      'Reconciler, broker, webhook or pages fail: see their logs',
      sum([...failing, broker.metricErrors(hour)].filter(known), hour.period),
    );
    const rotate = of('rotate')?.metricErrors(hour);
    if (rotate) add('RotationFailed', 'A secret could not be given its next value: see the log of rotate', rotate);
    // Not of the reconciler: there is one at most, and the next waits five minutes.
    const held = (['settle-phase', 'settle-run', 'webhook', 'webhook-worker'] as const).map((name) =>
      of(name)?.metricThrottles(hour),
    );
    add(
      'Throttles',
      'Functions are held back: the account has too few concurrent executions',
      sum([...held, broker.metricThrottles(hour)].filter(known), hour.period),
    );

    // The reconciler says both each time. Silence is a fault as well: then nobody looks for what was lost.
    const log = of('reconcile')?.logGroup;
    const told = (name: string, field: string): cloudwatch.Metric =>
      new logs.MetricFilter(this, `${name}Metric`, {
        logGroup: log as logs.ILogGroup,
        filterPattern: logs.FilterPattern.exists(`$.${field}`),
        metricNamespace: reports.namespace,
        metricName: field,
        metricValue: `$.${field}`,
      }).metric({ statistic: 'Maximum', period: Duration.hours(1) });
    add('Waiting', 'A run waits for a person for more than a day', told('Waiting', reports.waiting), {
      threshold: dayMs,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: BREACHING,
    });
    // Its silence is known from the alarm above.
    for (const [name, field, what] of [
      ['AppKeyOld', reports.appKey, 'The private key of the GitHub App'],
      ['ModelKeysOld', reports.modelKeys, 'The secret with the keys of model providers'],
      ['SlackOld', reports.slack, "The address of Slack's incoming webhook"],
    ] as const) {
      add(
        name,
        `${what} is older than ${secretDays} days: docs/rotation.md says how to replace it`,
        told(name, field),
        {
          threshold: secretDays * dayMs,
          comparisonOperator: GREATER_THAN_THRESHOLD,
        },
      );
    }
  }
}

const known = <T>(value: T | undefined): value is T => value !== undefined;

/** @param period of the sum; each metric has the same. */
function sum(metrics: cloudwatch.Metric[], period: Duration): cloudwatch.MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new cloudwatch.MathExpression({ expression: Object.keys(usingMetrics).join(' + '), usingMetrics, period });
}
