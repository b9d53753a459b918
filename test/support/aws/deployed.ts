/** What the synthesized template says: the definition, what each function sees, and what each may do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PolicyInput } from '../../../core/policy/schema.ts';
import type { StateMachine } from '../../../engine/asl/types.ts';
import { functionNames } from '../../../lib/names.ts';
import { matches } from './event-pattern.ts';
import {
  functionId,
  ofType,
  oidc,
  only,
  root,
  type Statement,
  statementsOfRole,
  synthesizeHere,
  type Template,
  text,
} from './template.ts';

/** The one sender that SES lets through. */
export const mailFrom = 'drydock@example.com';
const example = parse(readFileSync(join(root, 'examples/aws/drydock.policy.yaml'), 'utf8')) as PolicyInput;

let synthesized: Template | undefined;
const template = (): Template => {
  synthesized ??= synthesizeHere({ oidc, policy: { ...example, notify: { email: { from: mailFrom } } } }).run;
  return synthesized;
};

const functionOf = (name: string): Record<string, unknown> =>
  Object.fromEntries(ofType(template(), 'AWS::Lambda::Function'))[functionId(template(), name)] ?? {};

export interface Machine {
  /** The definition, with `function` or `function@version` where ARNs will be. */
  definition: StateMachine;
  /** The versions that the template publishes, by their logical ids. */
  versions: Map<string, PublishedVersion>;
}
interface PublishedVersion {
  of: string;
  /** Whether it stays when a later template does not have it. */
  kept: boolean;
}

export function machineOf(run: Template = template()): Machine {
  let definition = text(only(run, 'AWS::StepFunctions::StateMachine').DefinitionString).replaceAll(
    '<AWS::Partition>',
    'aws',
  );
  const names = new Map(functionNames.map((name) => [`<${functionId(run, name)}.Arn>`, name]));
  for (const [reference, name] of names) definition = definition.replaceAll(reference, name);
  const versions = new Map<string, PublishedVersion>();
  for (const [id, { FunctionName }] of ofType(run, 'AWS::Lambda::Version')) {
    const of = names.get(text(FunctionName).replace('>', '.Arn>')) ?? 'no function';
    versions.set(id, { of, kept: run.Resources[id]?.DeletionPolicy?.startsWith('Retain') === true });
    definition = definition.replaceAll(`<${id}>`, `${of}@${id}`);
  }
  return { definition: JSON.parse(definition) as StateMachine, versions };
}

let seen: Map<string, Set<string>> | undefined;
/** Names of the variables of each function. */
export function environments(): Map<string, Set<string>> {
  seen ??= new Map(
    functionNames.map((name) => {
      const { Variables } = (functionOf(name).Environment ?? {}) as { Variables?: object };
      return [name, new Set(Object.keys(Variables ?? {}))];
    }),
  );
  return seen;
}

/** What the role of a function allows. */
export const grantsOf = (name: string): Statement[] =>
  statementsOfRole(template(), text(functionOf(name).Role).slice(1, -'.Arn>'.length));

let pattern: unknown;
/** Whether the rule for stopped tasks hands an event over; the cluster is `<Cluster>` here. */
export function stoppedRule(event: unknown): boolean {
  pattern ??= ofType(template(), 'AWS::Events::Rule')
    .map(([, { EventPattern }]) => EventPattern as { detail?: { clusterArn?: unknown } } | undefined)
    .find((found) => found?.detail?.clusterArn !== undefined);
  const { detail, ...rest } = pattern as { detail: object };
  return matches({ ...rest, detail: { ...detail, clusterArn: ['<Cluster>'] } }, event);
}

/** Function by route key of the HTTP API. */
export function routes(): Map<string, string> {
  const integrations = new Map(ofType(template(), 'AWS::ApiGatewayV2::Integration'));
  const ids = new Map(functionNames.map((name) => [`<${functionId(template(), name)}.Arn>`, name]));
  return new Map(
    ofType(template(), 'AWS::ApiGatewayV2::Route').map(([, { RouteKey, Target }]) => {
      const uri = text(integrations.get(/<(\w+)>$/.exec(text(Target))?.[1] ?? '')?.IntegrationUri);
      return [String(RouteKey), ids.get(uri) ?? 'no function'];
    }),
  );
}
