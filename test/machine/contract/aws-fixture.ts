import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { JsonOperation } from '../../support/aws/call.ts';
import { type AwsStandIn, startAws } from '../../support/aws/stand-in.ts';

const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'none',
};

/**
 * A stand-in for the tests of a file, reached by the SDK's own clients as they are. Afterwards nothing may have been
 * asked that it does not know.
 */
export function awsForTests(operations: (url: () => string) => Record<string, JsonOperation>, dynamo?: () => string) {
  const at: { aws?: AwsStandIn } = {};
  const before: Record<string, string | undefined> = {};
  const aws = (): AwsStandIn => {
    if (!at.aws) throw new Error('it is started before the first test');
    return at.aws;
  };
  beforeAll(async () => {
    at.aws = await startAws(
      operations(() => aws().url),
      dynamo?.(),
    );
    for (const [name, value] of Object.entries({ ...variables, AWS_ENDPOINT_URL: aws().url })) {
      before[name] = process.env[name];
      process.env[name] = value;
    }
  });
  afterEach(() => {
    expect(aws().unknown).toEqual([]);
    // A fault that hit nothing is a test of nothing.
    expect(aws().faults).toEqual([]);
    aws().calls.length = 0;
  });
  afterAll(async () => {
    await aws().close();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  return aws;
}

/** What the SDK sends of one command before it gives up. */
export const sdkTries = 3;

export const actions = (aws: AwsStandIn): string[] => aws.calls.map(({ action }) => action);

/** What was thrown, or undefined. */
export const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
