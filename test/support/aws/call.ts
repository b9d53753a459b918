import type { Need } from './needs.ts';

export interface AwsCall {
  /** `dynamodb:PutItem`: the service as it was signed for, and the operation. */
  action: string;
  /** Table, object, secret, task… as the request names it; an ARN for objects of S3. */
  resource: string;
  input: Record<string, unknown>;
  /** Id of the access key that signed it. */
  principal: string;
  /** What IAM has to grant for it. */
  needs: Need[];
  /** What DynamoDB counts for a write. */
  writeUnits?: number;
}

/** A refusal in AWS's words. */
export class AwsRefusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type JsonOperation = (input: Record<string, unknown>) => unknown;
