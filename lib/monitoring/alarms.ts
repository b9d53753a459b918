import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Control } from '../control/control.ts';
import type { ImageBuilds } from '../images/image-builds.ts';
import { type EventFunction, launchFaults, metricsNamespace, pascal, reports } from '../names.ts';

interface AlarmsProps {
  control: Control;
  broker: lambda.IFunction;
  builds: ImageBuilds | undefined;
  /** Receives each alarm and each return to OK. */
  topic: sns.ITopic | undefined;
}

/** Failed runs per hour that raise the alarm: more than an occasional rejected or failed run. */
const runsPerHour = 3;
/** Phases per hour that could not start: more than a short peak, as each is tried three times. */
const phasesPerHour = 3;
/** Ten times what a delivery waits for that failed once. */
const oldestDelivery = Duration.minutes(30);
/** Refused requests per hour: more than strangers cause who try the address. */
const refusedPerHour = 100;
const dayMs = 86_400_000;
/** Days after which docs/rotation.md requires a new value of a secret that is not rotated automatically. */
const secretDays = 90;

const { BREACHING, NOT_BREACHING } = cloudwatch.TreatMissingData;
const { GREATER_THAN_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD } = cloudwatch.ComparisonOperator;

/**
 * Alarms that need a person. A failed step is not an alarm by itself: a red baseline is a Lambda error too, and ends
 * only its run.
 */
export class Alarms extends Construct {
  readonly all: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, { control, broker, builds, topic }: AlarmsProps) {
    super(scope, id);
    const add = (
      name: string,
      description: string,
      metric: cloudwatch.IMetric,
      props: Partial<cloudwatch.AlarmProps> = {},
    ) => {
      const alarm = new cloudwatch.Alarm(this, name, {
        alarmDescription: description,
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
      'Several runs failed, timed out or were stopped within an hour: see the console of the state machine',
      sum(
        [stateMachine.metricFailed(hour), stateMachine.metricTimedOut(hour), stateMachine.metricAborted(hour)],
        hour.period,
      ),
      { threshold: runsPerHour },
    );
    const minutes = { period: Duration.minutes(5) };
    add(
      'DeadLetters',
      'An event could not be handled; the reconciler will find the affected phase or run',
      control.deadLetters.metricApproximateNumberOfMessagesVisible(minutes),
    );
    add(
      'DeliveriesLost',
      'A delivery of the code host could not be processed; redrive it from the dead-letter queue when the cause is fixed',
      control.deliveries.deadLetters.metricApproximateNumberOfMessagesVisible(minutes),
    );
    add(
      'DeliveriesOld',
      'The oldest delivery of the code host has waited for half an hour: see the log of webhook-worker',
      control.deliveries.queue.metricApproximateAgeOfOldestMessage(minutes),
      { threshold: oldestDelivery.toSeconds() },
    );
    add(
      'DeliveriesRefused',
      'Many requests were refused within an hour, throttled ones among them; the reconciler asks the code host to send failed deliveries again',
      control.web.metricRefused(hour),
      { threshold: refusedPerHour },
    );
    add(
      'MachineThrottled',
      'Step Functions holds back the states of runs: the quota of state transitions of the account is too low',
      stateMachine.metricThrottled(hour),
    );
    add(
      'NoCapacity',
      'Several phases could not start within an hour: capacity of Fargate, its quota of vCPUs, or addresses of a subnet are used up',
      this.#notStarted(control).with(hour),
      { threshold: phasesPerHour },
    );
    const functionOf = (name: EventFunction) => control.functions.get(name);
    const failing = (['reconcile', 'webhook', 'pages'] as const).map((name) => functionOf(name)?.metricErrors(hour));
    add(
      'Errors',
      'The reconciler, the broker, the webhook or the pages fail: see their logs',
      sum([...failing, broker.metricErrors(hour)].filter(known), hour.period),
    );
    const rotate = functionOf('rotate')?.metricErrors(hour);
    if (rotate) add('RotationFailed', 'The rotation of a secret failed: see the log of the rotate function', rotate);
    // The pool of executions is that of the account, and nothing is called as often as the webhook.
    const throttled = functionOf('webhook')?.metricThrottles(hour);
    if (throttled)
      add('Throttles', 'Functions are throttled: the account’s limit of concurrent executions is too low', throttled);

    if (builds) {
      const { projectName: ProjectName, findings } = builds;
      add(
        'ImageBuildFailed',
        'The images could not be built: see the log of the build; sandboxes keep using the ones before',
        new cloudwatch.Metric({
          namespace: 'AWS/CodeBuild',
          metricName: 'FailedBuilds',
          dimensionsMap: { ProjectName },
          ...hour,
        }),
      );
      add(
        'ImageFindings',
        'The scan of an image found something critical: see its findings in ECR',
        new cloudwatch.Metric({
          namespace: 'AWS/Events',
          metricName: 'MatchedEvents',
          dimensionsMap: { RuleName: findings.ruleName },
          statistic: 'Sum',
          period: Duration.days(1),
        }),
      );
    }

    // The reconciler logs these metrics in each run. Missing data is a fault too: the reconciler does not run.
    const log = functionOf('reconcile')?.logGroup;
    const reported = (name: string, field: string): cloudwatch.Metric =>
      new logs.MetricFilter(this, `${name}Metric`, {
        logGroup: log as logs.ILogGroup,
        filterPattern: logs.FilterPattern.exists(`$.${field}`),
        metricNamespace: metricsNamespace(this),
        metricName: field,
        metricValue: `$.${field}`,
      }).metric({ statistic: 'Maximum', period: Duration.hours(1) });
    add('Waiting', 'A run has waited for a person for more than a day', reported('Waiting', reports.waiting), {
      threshold: dayMs,
      comparisonOperator: GREATER_THAN_THRESHOLD,
      treatMissingData: BREACHING,
    });
    // The alarm above covers missing data.
    for (const [name, field, what] of [
      ['AppKeyOld', reports.appKey, 'The private key of the GitHub App'],
      ['ModelKeysOld', reports.modelKeys, 'The secret with the keys of model providers'],
      ['SlackOld', reports.slack, "The URL of Slack's incoming webhook"],
    ] as const) {
      add(name, `${what} is older than ${secretDays} days: see docs/rotation.md`, reported(name, field), {
        threshold: secretDays * dayMs,
        comparisonOperator: GREATER_THAN_THRESHOLD,
      });
    }
  }

  /** AWS has no metric of tasks that Fargate did not start; the functions that start them log it. */
  #notStarted(control: Control): cloudwatch.Metric {
    const begins = (text: string): logs.JsonPattern => logs.FilterPattern.stringValue('$.detail', '=', `${text}*`);
    const [metric] = (['plan', 'build', 'verify', 'reconcile'] as const).map((name) =>
      new logs.MetricFilter(this, `NotStarted${pascal(name)}`, {
        logGroup: control.functions.get(name)?.logGroup as logs.ILogGroup,
        filterPattern: logs.FilterPattern.any(...Object.values(launchFaults).map(begins)),
        metricNamespace: metricsNamespace(this),
        metricName: 'phasesNotStarted',
        metricValue: '1',
      }).metric(),
    );
    return metric as cloudwatch.Metric;
  }
}

const known = <T>(value: T | undefined): value is T => value !== undefined;

/** @param period Period of the sum; all metrics have the same one. */
function sum(metrics: cloudwatch.Metric[], period: Duration): cloudwatch.MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  // A function that nobody called has no datapoint, and must not hide the errors of the others.
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ');
  return new cloudwatch.MathExpression({ expression, usingMetrics, period });
}
