import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Control } from '../control/control.ts';
import { metricsNamespace, reports } from '../names.ts';

interface DashboardProps {
  control: Control;
  alarms: cloudwatch.IAlarm[];
}

const width = 12;

/** One page for the operator. At most 50 metrics, because CloudWatch charges more for larger dashboards. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { control, alarms }: DashboardProps) {
    super(scope, id);
    const { stateMachine, deliveries, deadLetters, functions } = control;
    const sum = { period: Duration.minutes(5), statistic: 'Sum' };
    const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
      new cloudwatch.GraphWidget({ title, left, right, width });
    new cloudwatch.Dashboard(this, 'Dashboard', {
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ alarms, width: 24, title: 'Alarms' })],
        [
          graph(
            'Runs',
            [stateMachine.metricStarted(sum), stateMachine.metricSucceeded(sum), stateMachine.metricFailed(sum)],
            [stateMachine.metricTime({ label: 'duration of a run', statistic: 'p50' })],
          ),
          graph(
            'Deliveries of the code host',
            [
              deliveries.queue.metricNumberOfMessagesReceived(sum),
              deadLetters.metricApproximateNumberOfMessagesVisible(),
            ],
            [deliveries.queue.metricApproximateAgeOfOldestMessage()],
          ),
        ],
        [
          graph(
            'Duration of phases',
            (['plan', 'build', 'rework', 'verify', 'review'] as const).map(
              (phase) =>
                new cloudwatch.Metric({
                  namespace: metricsNamespace(this),
                  metricName: reports.phase,
                  dimensionsMap: { phase, service: 'drydock' },
                  statistic: 'p50',
                  period: Duration.hours(1),
                  label: phase,
                }),
            ),
          ),
        ],
        [
          graph(
            'Errors of functions (a red baseline counts as one)',
            [...functions].map(([name, each]) => each.metricErrors({ ...sum, label: name })),
          ),
          graph(
            'Duration of functions that people wait for (p95)',
            (['webhook', 'webhook-worker', 'settle-phase'] as const).flatMap((name) => {
              const found = functions.get(name);
              return found ? [found.metricDuration({ statistic: 'p95', label: name })] : [];
            }),
          ),
        ],
      ],
    });
  }
}
