import { readRegistry } from '../registry/registry.ts';
import { features, unneeded } from './features.ts';
import { documented, elsewhere, type Rule, scopeOf, scopeOfAction } from './scopes.ts';

export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
}
const { types } = readRegistry();
/** Without `list`, which is for import. */
const handlers = ['create', 'read', 'update', 'delete'] as const;

/**
 * What CloudFormation calls in the caller's name for resources of a type: the permissions that the registry lists, without
 * those for properties that no resource sets.
 * @throws Error for a type or an action that the tables do not contain: the policy would not allow to deploy it.
 */
export function rulesOf(type: string, resources: Resource[]): Rule[] {
  const [own, known] = [scopeOf[type], types[type]];
  if (!own || (!known && !type.startsWith('Custom::')))
    throw new Error(`${type} is not in scripts/deploy-policy/scopes.ts, or not in scripts/registry/types.json`);
  const unused = Object.entries(features[type] ?? {}).flatMap(([property, actions]) =>
    resources.some(({ Properties }) => sets(Properties, property)) ? [] : actions,
  );
  const listed = handlers.flatMap((handler) => known?.handlers?.[handler]?.permissions ?? []);
  const actions = [...listed, ...(known?.tagging?.permissions ?? [])].map(spelled);
  const stale = unused.filter((action) => !actions.includes(action));
  if (stale.length > 0) throw new Error(`The registry does not list ${stale.join(', ')} for ${type}`);
  const needed = new Set([
    ...actions.filter((action) => !unused.includes(action) && !(action in unneeded)),
    ...(documented[type] ?? []),
  ]);
  if (needed.size === 0)
    throw new Error(`The registry has no permissions for ${type}; scripts/deploy-policy/scopes.ts neither`);
  return [...needed].map((action) => ({ actions: [action], ...whereOf(type, action, own) }));
}

function whereOf(type: string, action: string, own: string[]): Omit<Rule, 'actions'> {
  const fixed = scopeOfAction[action];
  if (fixed) return { resources: fixed };
  const service = serviceOf(action);
  if (service === ownService(type)) return { resources: own };
  const other = elsewhere[action];
  if (other) return other;
  throw new Error(`scripts/deploy-policy/scopes.ts has no resource for ${action} of ${type}`);
}

/** The prefix of actions of a type's service, where it is not called as in the type. */
const services: Record<string, string> = { apigatewayv2: 'apigateway', stepfunctions: 'states' };
const ownService = (type: string): string => {
  const [vendor = '', name = ''] = type.split('::');
  return vendor === 'Custom' ? 'lambda' : (services[name.toLowerCase()] ?? name.toLowerCase());
};
const serviceOf = (action: string): string => action.split(':')[0] ?? '';

/** Some schemas write `S3:GetBucketWebsite` and `s3:getObject`. */
const spelled = (action: string): string => {
  const [service = '', name = ''] = action.split(':');
  return `${service.toLowerCase()}:${name.charAt(0).toUpperCase()}${name.slice(1)}`;
};

const sets = (value: unknown, property: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(([key, each]) => key === property || sets(each, property));
