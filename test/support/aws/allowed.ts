/** Whether the role of a function allows what a call needs. Names of the test stand for the names of the template. */
import { functionNames } from '../../../lib/names.ts';
import type { AwsCall } from './call.ts';
import { grantsOf } from './deployed.ts';
import type { Need } from './needs.ts';

/** `x*` as IAM reads it. */
const like = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text);

/** Secrets that the state stack does not keep: a resource of the run stack, and one that is given. */
const secretsElsewhere: Record<string, string> = { sessions: 'ControlSessionsKey', client: ':secret:client-' };

/** A resource of the template, where references read `<…drydockruns…>`, against the name that the call had. */
function covers(granted: string, { action, resource }: Need): boolean {
  if (granted === '*') return true;
  const [service = ''] = action.split(':');
  if (service === 'dynamodb') {
    const [table, ...index] = resource.split('/');
    const rest = /table\/<[^>]*drydock(\w+?)[0-9A-F]{8}[^>]*>(.*)$/.exec(granted);
    return rest?.[1] === table && (rest?.[2] ?? '') === index.map((part) => `/${part}`).join('');
  }
  if (service === 's3') {
    const key = resource.replace(/^(arn:aws:s3:::)?[^/]+/, '');
    const rest = /drydockartifacts[^>]*>(.*)$/.exec(granted)?.[1];
    return rest !== undefined && like(rest, key);
  }
  if (service === 'secretsmanager') {
    const name = resource.split(':').at(-1) ?? '';
    return granted.includes(secretsElsewhere[name] ?? `drydock${name}`);
  }
  // Of the others there is one each; which one is given by the environment.
  return granted !== '';
}

const isAllowed = (principal: string, need: Need): boolean =>
  grantsOf(principal).some(
    ({ effect, actions, resources }) =>
      effect === 'Allow' && actions.includes(need.action) && resources.some((granted) => covers(granted, need)),
  );

/** `function action resource` of every need that no role allows, each once. */
export function notAllowed(calls: AwsCall[]): string[] {
  const known = new Map<string, boolean>();
  for (const { principal, needs } of calls) {
    if (!(functionNames as readonly string[]).includes(principal)) continue;
    for (const need of needs) {
      const key = `${principal} ${need.action} ${need.resource.replace(/[0-9a-f]{40,64}/g, '…')}`;
      if (!known.has(key)) known.set(key, isAllowed(principal, need));
    }
  }
  return [...known].flatMap(([key, allowed]) => (allowed ? [] : [key]));
}
