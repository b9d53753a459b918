import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** SQS's maximum retention. */
const retention = Duration.days(14);
/** Six times the consumer's timeout, so that SQS does not hand out a message again while it is processed. */
const visibilityTimeout = Duration.minutes(3);
/** With 3 minutes between attempts, a code host may be unavailable for four hours. */
const maxAttempts = 80;
/** One delivery is handled within. */
export const deliveryTimeout = Duration.seconds(30);

/** The queue of code-host deliveries, and the dead-letter queue of those that could not be processed. */
export class Deliveries extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: retention };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', common);
    this.queue = new sqs.Queue(this, 'Queue', {
      ...common,
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxAttempts },
    });
  }
}
