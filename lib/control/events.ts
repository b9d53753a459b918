import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { machineArn } from '../iam/through-stores.ts';

interface EventsProps {
  /** ARN. */
  cluster: string;
  /** Name of the state machine. */
  machine: string;
  settlePhase: lambda.IFunction;
  settleRun: lambda.IFunction;
  reconcile: lambda.IFunction;
  /** Events that EventBridge could not hand over. */
  deadLetters: sqs.IQueue;
}

/** How long an event is tried for; the reconciler finds what was lost sooner. */
const tried = { retryAttempts: 10, maxEventAge: Duration.hours(2) };
/** Minutes until something that no event told is found. */
const every = 5;

/** What starts functions without a state of the machine: stopped tasks, executions that ended badly, time. */
export class Events extends Construct {
  constructor(scope: Construct, id: string, props: EventsProps) {
    super(scope, id);
    const told = (handler: lambda.IFunction) =>
      new targets.LambdaFunction(handler, { deadLetterQueue: props.deadLetters, ...tried });
    new events.Rule(this, 'TaskStopped', {
      description: 'A task of a phase has stopped: its end is reported to the run that waits for it',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: {
          clusterArn: [props.cluster],
          lastStatus: ['STOPPED'],
          // A sandbox that ended well has told its gateway, which ends then: one event is enough.
          $or: [
            { containers: { name: ['gateway'] } },
            { containers: { exitCode: [{ 'anything-but': [0] }] } },
            { containers: { exitCode: [{ exists: false }] } },
          ],
        },
      },
      targets: [told(props.settlePhase)],
    });
    new events.Rule(this, 'RunEnded', {
      description: 'An execution ended without its own Settle: stopped, timed out, or of an error nothing catches',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [machineArn(this, props.machine)],
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [told(props.settleRun)],
    });
    new events.Rule(this, 'Reconcile', {
      description: 'Finds what no event told',
      schedule: events.Schedule.rate(Duration.minutes(every)),
      // The next one comes soon; two at once would do the same work.
      targets: [
        new targets.LambdaFunction(props.reconcile, { retryAttempts: 0, maxEventAge: Duration.minutes(every) }),
      ],
    });
  }
}
