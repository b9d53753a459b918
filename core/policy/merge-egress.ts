import { isGitHost, ruleForGitHost } from '../egress/git-hosts.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import type { TaskSpec } from '../task-spec/schema.ts';
import type { Policy } from './schema.ts';

/** What a run may reach: of hosts and rules, those that both spec and policy name; of registries, those of the policy. */
export function egressOf(
  spec: TaskSpec,
  policy: Policy,
  refuse: (path: string, message: string) => void,
): EffectiveTask['egress'] {
  const { hosts, rules, private: own, registries } = policy.egress;
  const asked = new Set(spec.sandbox.egress);
  spec.sandbox.egress.forEach((host, i) => {
    if (hosts.includes(host) || rules.some((rule) => rule.host === host)) return;
    const message = isGitHost(host)
      ? `"${host}" hosts git repositories, and no rule of the policy allows to read from it. Such a rule: ${ruleForGitHost(host)}.`
      : `"${host}" is not under egress.hosts in the policy, and there is no rule for it under egress.rules.`;
    refuse(`sandbox.egress.${i}`, message);
  });
  const granted = rules
    .filter(({ host }) => asked.has(host))
    .map(({ body_limit: bodyBytes, ...rule }) => ({ ...rule, bodyBytes }));
  const named = new Set([...granted, ...own].flatMap(({ credential }) => credential ?? []));
  return {
    registries: [...registries],
    hosts: spec.sandbox.egress.filter((host) => hosts.includes(host)),
    rules: granted,
    private: own,
    credentials: Object.fromEntries(Object.entries(policy.credentials).filter(([name]) => named.has(name))),
  };
}
