/** What IAM asks for before it lets a call through: not always what the operation is called. */

export interface Need {
  /** `dynamodb:PutItem` */
  action: string;
  /** ARN where the request has one, else the name as the request has it. */
  resource: string;
}

type Input = Record<string, unknown>;

/** Operations that IAM knows under another name. */
const renamed: Record<string, string> = {
  'monitoring:DescribeAlarms': 'cloudwatch:DescribeAlarms',
  'lambda:Invoke': 'lambda:InvokeFunction',
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
};

const transactions: Record<string, string> = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
};

/** @param action `service:Operation`. Each need once. */
export function needsOf(action: string, resource: string, input: Input): Need[] {
  const needs = [...wantedOf(action, resource, input)];
  return needs.filter(
    (need, i) => needs.findIndex((other) => other.action === need.action && other.resource === need.resource) === i,
  );
}

function* wantedOf(action: string, resource: string, input: Input): Generator<Need> {
  if (action === 'dynamodb:TransactWriteItems') {
    for (const item of input.TransactItems as Record<string, { TableName: string }>[]) {
      for (const [kind, { TableName }] of Object.entries(item))
        yield { action: transactions[kind] ?? `dynamodb:${kind}`, resource: TableName };
    }
    return;
  }
  if (action === 'dynamodb:BatchGetItem') {
    for (const table of Object.keys(input.RequestItems as object)) yield { action, resource: table };
    return;
  }
  const index = typeof input.IndexName === 'string' ? `/index/${input.IndexName}` : '';
  yield { action: renamed[action] ?? action, resource: `${resource}${index}` };
  if (action !== 'ecs:RunTask') return;
  // Roles of the task definition itself are its template's; those that a call puts in their place are the caller's.
  const { taskRoleArn, executionRoleArn } = (input.overrides ?? {}) as Record<string, string | undefined>;
  for (const role of [taskRoleArn, executionRoleArn]) if (role) yield { action: 'iam:PassRole', resource: role };
}
