import { type Resource, rulesOf } from './needed.ts';
import type { Rule } from './scopes.ts';

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

/** @throws Error for a resource type or an action that the tables do not contain. */
export function deployPolicies(templates: { Resources: Record<string, Resource> }[]): DeployPolicies {
  const all = templates.flatMap(({ Resources }) => Object.values(Resources));
  const byType = Map.groupBy(all, ({ Type }) => Type);
  const byAction = new Map<string, { resources: Set<string>; conditions: Rule['conditions'] }>();
  for (const [type, resources] of [...byType].sort(([one], [other]) => (one < other ? -1 : 1)))
    for (const { actions, resources: scopes, conditions } of rulesOf(type, resources))
      for (const action of actions) {
        const key = `${action} ${JSON.stringify(conditions ?? null)}`;
        const known = byAction.get(key) ?? { resources: new Set(), conditions };
        for (const scope of scopes) known.resources.add(scope);
        byAction.set(key, known);
      }
  const merged = new Map<string, Rule>();
  for (const [key, { resources, conditions }] of [...byAction].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const scopes = resources.has('*') ? ['*'] : [...resources].sort();
    const scope = JSON.stringify([scopes, conditions]);
    const actions = [...(merged.get(scope)?.actions ?? []), key.split(' ', 1)[0] ?? ''];
    merged.set(scope, { actions, resources: scopes, ...(conditions ? { conditions } : {}) });
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
