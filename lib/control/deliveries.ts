import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Deliveries are kept as long as SQS keeps anything. */
const kept = Duration.days(14);
/** Six times what the consumer may take, so that a message is not handed out again while it is worked on. */
const workedOn = Duration.minutes(30);
/** With 30 minutes between them, a code host may be away for four hours. */
const attempts = 8;

/** Messages of the code host that wait to be worked on, and those that could not be. */
export class Deliveries extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: kept };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', common);
    this.queue = new sqs.Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: workedOn,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: attempts },
    });
  }
}
