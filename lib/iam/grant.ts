import { Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { propError } from '../props/prop-error.ts';

/** One statement of a role's policy. Actions are listed without wildcards; a wildcard in a resource needs a reason. */
export interface Grant {
  actions: string[];
  resources: string[];
  conditions?: iam.Conditions;
  /** The reason for a `*` in a resource; it acknowledges that one finding of cdk-nag. */
  because?: string;
}

/** Adds the statements to a role's policy. @throws Internal for a wildcard without a reason. */
export function grant(role: iam.Role, grants: Grant[]): void {
  // A role's policies are limited to 10,240 characters, so grants on the same resources become one statement.
  const together = Map.groupBy(grants, ({ resources, conditions }) =>
    JSON.stringify(Stack.of(role).resolve([resources, conditions ?? {}])),
  );
  for (const same of together.values()) {
    const [{ resources, conditions }] = same as [Grant, ...Grant[]];
    const actions = [...new Set(same.flatMap((each) => each.actions))];
    role.addToPolicy(new iam.PolicyStatement({ actions, resources, ...(conditions ? { conditions } : {}) }));
  }
  for (const { actions, resources, because } of grants) {
    for (const resource of resources) {
      const text = flat(Stack.of(role).resolve(resource));
      if (!text.includes('*')) continue;
      if (because === undefined) throw propError(role, 'Internal', `${actions.join(', ')} on ${text} has no reason`);
      acknowledgeWildcard(role, text, because);
    }
  }
}

/** For policies that the CDK generates. @param resource In cdk-nag's notation. */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`, reason });
}

/** A resolved ARN in cdk-nag's notation: references in angle brackets. */
function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  if ('Ref' in value) return `<${String(value.Ref)}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return `<${value['Fn::GetAtt'].join('.')}>`;
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(flat).join(separator);
  }
  return JSON.stringify(value);
}
