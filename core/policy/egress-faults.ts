import { isGitHost, ruleForGitHost } from '../egress/git-hosts.ts';
import type { Policy } from './schema.ts';

/** Contradictions in what a policy lets through. */
export function egressFaults(
  { egress, credentials, mcp }: Pick<Policy, 'egress' | 'credentials' | 'mcp'>,
  fault: (rule: string, message: string, path: PropertyKey[]) => void,
): void {
  const { hosts, rules, registries, private: own } = egress;
  hosts.forEach((host, i) => {
    const at = ['egress', 'hosts', i];
    if (isGitHost(host))
      fault(
        'git-host',
        `"${host}" hosts git repositories: a tunnel to it could push. Write a rule: ${ruleForGitHost(host)}.`,
        at,
      );
    else if (rules.some((rule) => rule.host === host))
      fault(
        'ambiguous-host',
        `"${host}" has rules, which a tunnel would pass by. Remove it here, or remove its rules.`,
        at,
      );
  });
  const unknown = (name: string | undefined, at: PropertyKey[]): void => {
    if (name !== undefined && !Object.hasOwn(credentials, name))
      fault('unknown-credential', `credentials does not list "${name}".`, [...at, 'credential']);
  };
  for (const [i, { credential }] of rules.entries()) unknown(credential, ['egress', 'rules', i]);
  for (const [name, { credential }] of Object.entries(mcp)) unknown(credential, ['mcp', name]);
  const seen = new Set<string>();
  own.forEach(({ kind, scope, credential }, i) => {
    const at = ['egress', 'private', i];
    unknown(credential, at);
    if (!registries.includes(kind))
      fault('registry', `egress.registries does not list ${kind}, so this registry would not be used.`, [
        ...at,
        'kind',
      ]);
    const key = `${kind} ${scope}`;
    if (seen.has(key))
      fault(
        'ambiguous-registry',
        scope === undefined ? `There are two registries for all of ${kind}.` : `There are two registries for ${scope}.`,
        at,
      );
    seen.add(key);
  });
}
