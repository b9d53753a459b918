import type { Rule } from './rule.ts';
import { byType } from './types.ts';

/** @internal for its tests */
export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: Statement[];
}
interface Statement {
  Effect: 'Allow';
  Action: string[];
  Resource: string[];
  Condition?: Rule['conditions'];
}
interface DeployPolicies {
  /** Policy of the role that deploys: it may assume the roles of the CDK's bootstrap. */
  pipeline: PolicyDocument;
  /** Policies of CloudFormation: managed policies for `cdk bootstrap --cloudformation-execution-policies`. */
  execution: PolicyDocument[];
}

/** Maximum length of a managed policy in characters, without white space. */
const longest = 6_144;

/** @throws Error for a resource type that the table does not contain, because the policy would not allow to deploy it. */
export function deployPolicies(templates: { Resources: Record<string, { Type: string }> }[]): DeployPolicies {
  const types = [...new Set(templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)))];
  const merged = new Map<string, Rule>();
  for (const type of types.sort()) {
    const rules = byType[type];
    if (!rules) throw new Error(`scripts/deploy-policy/types.ts does not know ${type}`);
    for (const { actions, resources, conditions } of rules) {
      const key = JSON.stringify([resources, conditions]);
      const known = merged.get(key)?.actions ?? [];
      merged.set(key, {
        actions: [...new Set([...known, ...actions])].sort(),
        resources,
        ...(conditions ? { conditions } : {}),
      });
    }
  }
  const role = (name: string): string => `arn:aws:iam::ACCOUNT:role/cdk-hnb659fds-${name}-role-ACCOUNT-REGION`;
  return {
    pipeline: document([
      statement({ actions: ['sts:AssumeRole'], resources: [role('deploy'), role('file-publishing')] }),
    ]),
    execution: split([...merged.values()].map(statement)),
  };
}

const statement = ({ actions, resources, conditions }: Rule): Statement => ({
  Effect: 'Allow',
  Action: actions,
  Resource: resources,
  ...(conditions ? { Condition: conditions } : {}),
});
const document = (Statement: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });
/** @internal for its tests */
export const sizeOf = (policy: PolicyDocument): number => JSON.stringify(policy).length;

/** Distributes the statements, in order, over as few documents as possible. */
function split(statements: Statement[]): PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  let now: Statement[] = [];
  for (const each of statements) {
    if (now.length > 0 && sizeOf(document([...now, each])) > longest) {
      documents.push(document(now));
      now = [];
    }
    now.push(each);
  }
  return [...documents, document(now)];
}
