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
  /** Events that EventBridge could not deliver. */
  deadLetters: sqs.IQueue;
}

/** Retries of an event; the reconciler finds a lost event sooner. */
const retries = { retryAttempts: 10, maxEventAge: Duration.hours(2) };
/** Lambda's maximum; then the event is a dead letter. */
const asyncRetries = { retryAttempts: 2, maxEventAge: Duration.hours(2) };
/** Minutes between two reconciler runs, which find changes without an event. */
const intervalMinutes = 5;

/** Rules that invoke functions outside the state machine: on stopped tasks, on failed executions, and on a schedule. */
export class Events extends Construct {
  constructor(scope: Construct, id: string, props: EventsProps) {
    super(scope, id);
    const target = (handler: lambda.IFunction) =>
      new targets.LambdaFunction(handler, { deadLetterQueue: props.deadLetters, ...retries });
    new events.Rule(this, 'TaskStopped', {
      description: 'A task of a phase has stopped: reports its end to the waiting run',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: {
          clusterArn: [props.cluster],
          lastStatus: ['STOPPED'],
          // After a successful sandbox its gateway stops too, once it has stored the outputs: one event is enough, and one
          // about the sandbox would stop the gateway while it stores. Name and exit code are of one container: services end
          // with other codes, and what an account adds has none. One that did not run is known by the code of the stop,
          // because a missing field of a container counts only if all containers lack it.
          $or: [
            { containers: { name: ['gateway'] } },
            { containers: { name: ['sandbox'], exitCode: [{ 'anything-but': [0] }] } },
            { stopCode: [{ 'anything-but': ['EssentialContainerExited'] }] },
            { stopCode: [{ exists: false }] },
          ],
        },
      },
      targets: [target(props.settlePhase)],
    });
    new events.Rule(this, 'RunEnded', {
      description: 'An execution ended without its Settle state: stopped, timed out, or failed with an uncaught error',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [machineArn(this, props.machine)],
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [target(props.settleRun)],
    });
    // These are Lambda's own retries, of an error in a function; those of a rule are of a call that Lambda did not take.
    for (const handler of [props.settlePhase, props.settleRun]) handler.configureAsyncInvoke(asyncRetries);
    // The next run comes soon, and a second concurrent run would only repeat the work.
    props.reconcile.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(intervalMinutes) });
    new events.Rule(this, 'Reconcile', {
      description: 'Finds changes without an event',
      schedule: events.Schedule.rate(Duration.minutes(intervalMinutes)),
      targets: [
        new targets.LambdaFunction(props.reconcile, {
          retryAttempts: 0,
          maxEventAge: Duration.minutes(intervalMinutes),
        }),
      ],
    });
  }
}
