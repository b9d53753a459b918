import { optional, variable } from '../../../common/deployment.ts';
import type { Notifier } from '../../../core/ports/runtime/notifier.ts';
import { later, once } from '../once.ts';

/** For functions that have people told about something. */
export const announcing = once(
  (): Notifier =>
    later<Notifier>(async () => {
      const [{ SQSClient }, { createTeller }] = await Promise.all([
        import('@aws-sdk/client-sqs'),
        import('../../../adapters/aws/teller.ts'),
      ]);
      return createTeller(new SQSClient({}), variable('queue'), optional('channels') !== undefined);
    }, {}),
);
