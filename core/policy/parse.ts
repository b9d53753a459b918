import { providerFaults } from '../models/of-policy.ts';
import { readYaml } from '../task-spec/document.ts';
import { checkSchema } from '../task-spec/issues.ts';
import { type Fault, type Problem, readText, toProblems } from '../task-spec/text.ts';
import { defaultFault } from './agents-schema.ts';
import { egressFaults } from './egress-faults.ts';
import { approversOf, operatorsOf, personOf } from './people.ts';
import { type Policy, policySchema } from './schema.ts';
import { wildcard } from './wildcard.ts';

export type { Problem } from '../task-spec/text.ts';
export type { Policy } from './schema.ts';

/** Parses and checks `drydock.policy.yaml`; reports all problems at once. `policy` is present if none is an error. */
export function parsePolicy(bytes: Uint8Array): { policy?: Policy; problems: Problem[] } {
  const { text, faults } = readText(bytes);
  if (text === undefined) return { problems: toProblems('', faults) };
  const document = readYaml(text, 0);
  const { data, faults: found } = checkSchema(policySchema, document, document.value);
  faults.push(...document.faults, ...found);
  if (data) faults.push(...contradictions(data, document.locate));
  const problems = toProblems(text, faults);
  return data && problems.every((problem) => problem.severity === 'warning')
    ? { policy: data, problems }
    : { problems };
}

/** Contradictions between fields that are valid by themselves. */
function contradictions(policy: Policy, locate: (path: readonly PropertyKey[], key?: boolean) => number): Fault[] {
  const faults: Fault[] = [];
  const fault = (rule: string, message: string, path: PropertyKey[], severity: Fault['severity'] = 'error') =>
    faults.push({ severity, rule, message, offset: locate(path) });

  const owners = new Map<string, string>();
  for (const [id, person] of Object.entries(policy.people)) {
    const names = {
      id,
      email: person.email,
      github: person.github,
      github_id: person.github_id?.toString(),
      slack: person.slack,
      iam: person.iam,
      oidc: person.oidc,
    };
    for (const [field, name] of Object.entries(names)) {
      if (name === undefined) continue;
      const key =
        field === 'id' || field === 'email'
          ? `mail:${name.toLowerCase()}`
          : `${field}:${field === 'oidc' ? name : name.toLowerCase()}`;
      const owner = owners.get(key) ?? id;
      if (owner !== id)
        fault('ambiguous-person', `"${name}" already belongs to "${owner}".`, [
          'people',
          id,
          ...(field === 'id' ? [] : [field]),
        ]);
      owners.set(key, owner);
    }
  }
  policy.operators.forEach((who, i) => {
    if (personOf(policy, who) === undefined)
      fault('unknown-person', `"${who}" is neither listed under people nor a valid e-mail address.`, ['operators', i]);
  });
  const deciding = new Set([...approversOf(policy), ...operatorsOf(policy)]);
  policy.readers.forEach((who, i) => {
    const person = personOf(policy, who);
    if (person === undefined)
      fault('unknown-person', `"${who}" is neither listed under people nor a valid e-mail address.`, ['readers', i]);
    else if (deciding.has(person))
      fault('reader-decides', `"${who}" is an approver or an operator too, and these see all runs.`, ['readers', i]);
  });
  const withoutAddress = Object.entries(policy.people).flatMap(([id, { email }]) =>
    email === undefined && !id.includes('@') ? [id] : [],
  );
  policy.review.approvers.forEach((who, i) => {
    const person = personOf(policy, who);
    // One human with two ids could request a run under one of them, and approve it under the other.
    if (person !== undefined && policy.people[person] === undefined && withoutAddress.length > 0) {
      const message = `"${who}" is a person of its own. If it is ${withoutAddress.join(' or ')}, that person has two ids: write the address as email under people.`;
      fault('two-ids', message, ['review', 'approvers', i], 'warning');
    }
    if (person === undefined) {
      fault('unknown-person', `"${who}" is neither listed under people nor a valid e-mail address.`, [
        'review',
        'approvers',
        i,
      ]);
    }
  });
  const approvers = approversOf(policy).length;
  const { required_reviewers: required, solo } = policy.review;
  if (required > approvers && !(solo && required === approvers + 1)) {
    fault('quorum', `${required} reviewers are required, but only ${approvers} may approve.`, [
      'review',
      'required_reviewers',
    ]);
  }
  for (const [path, reviewers] of Object.entries(policy.review.critical_paths)) {
    if (reviewers <= approvers) continue;
    const message = `${reviewers} reviewers are required for ${path}, but only ${approvers} may approve: such a change can never pass.`;
    fault('quorum', message, ['review', 'critical_paths', path], 'warning');
  }
  policy.review.reviewers.forEach((name, i) => {
    if (!Object.hasOwn(policy.agents.profiles, name))
      fault(
        'unknown-agent',
        `"${name}" is not among the profiles: ${Object.keys(policy.agents.profiles).join(', ')}.`,
        ['review', 'reviewers', i],
      );
  });
  const { triggers } = policy;
  if (triggers && personOf(policy, triggers.requester) === undefined)
    fault('unknown-person', `"${triggers.requester}" is neither listed under people nor a valid e-mail address.`, [
      'triggers',
      'requester',
    ]);
  for (const repository of Object.keys(triggers?.runbooks ?? {}))
    if (!Object.hasOwn(policy.repositories, repository))
      fault('unknown-repository', `"${repository}" is not listed under repositories.`, [
        ...['triggers', 'runbooks', repository],
      ]);
  if (triggers?.team !== undefined && !Object.hasOwn(policy.budgets, triggers.team))
    fault('unknown-team', `The policy has no budget for team "${triggers.team}".`, ['triggers', 'team']);
  if (policy.notify.slack?.channel !== undefined) {
    const message =
      'A Slack incoming webhook writes to the channel it was created for; remove channel, and write slack: {}.';
    fault('no-effect', message, ['notify', 'slack', 'channel'], 'warning');
  }
  const noDefault = defaultFault(policy.agents);
  if (noDefault !== undefined) fault('format', noDefault.message, ['agents', ...noDefault.path]);
  egressFaults(policy, fault);
  providerFaults(policy, fault);
  for (const [name, profile] of Object.entries(policy.agents.profiles)) {
    const path = ['agents', 'profiles', name];
    if (profile.provider === undefined && profile.model === undefined) continue;
    if (profile.provider === undefined || profile.model === undefined)
      fault('required', `"${name}" needs both provider and model.`, path);
    else
      for (const model of [profile.model, ...(profile.fallbacks ?? [])])
        if (!wildcard(policy.models.allow, `${profile.provider}/${model}`))
          fault('model', `models.allow does not allow ${profile.provider}/${model}.`, [...path, 'model']);
  }
  return faults;
}
