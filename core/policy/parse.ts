import { readYaml, type YamlDocument } from '../task-spec/document.ts';
import { checkSchema } from '../task-spec/issues.ts';
import { type Fault, type Problem, readText, toProblems } from '../task-spec/text.ts';
import { asksForNothing } from '../task-spec/unbuilt.ts';
import { approversOf, personOf } from './people.ts';
import { type Policy, policySchema } from './schema.ts';
import { wildcard } from './wildcard.ts';

export type { Problem } from '../task-spec/text.ts';
export type { Policy } from './schema.ts';

/** Parses and checks `drydock.policy.yaml`, all faults at once. `policy` is present when no problem is an error. */
export function parsePolicy(bytes: Uint8Array): { policy?: Policy; problems: Problem[] } {
  const { text, faults } = readText(bytes);
  if (text === undefined) return { problems: toProblems('', faults) };
  const document = readYaml(text, 0);
  const { data, faults: found } = checkSchema(policySchema, document, document.value);
  faults.push(...document.faults, ...found);
  faults.push(...unbuilt(document));
  if (data) faults.push(...contradictions(data, document.locate));
  const problems = toProblems(text, faults);
  return data && problems.every((problem) => problem.severity === 'warning')
    ? { policy: data, problems }
    : { problems };
}

/** A field that the schema knows and this version does not act on. Ignoring it would be worse than refusing it. */
function unbuilt({ value, locate }: Pick<YamlDocument, 'value' | 'locate'>): Fault[] {
  const { mcp } = (value ?? {}) as { mcp?: unknown };
  if (asksForNothing(mcp)) return [];
  const message = 'mcp is not built yet, and no server would be reached; take it out of the policy.';
  return [{ rule: 'NotBuiltYet', message, offset: locate(['mcp'], true) }];
}

/** What each field allows and the policy as a whole does not. */
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
        fault('ambiguous-person', `"${name}" belongs to "${owner}" already.`, [
          'people',
          id,
          ...(field === 'id' ? [] : [field]),
        ]);
      owners.set(key, owner);
    }
  }
  policy.review.approvers.forEach((who, i) => {
    if (personOf(policy, who) === undefined) {
      fault('unknown-person', `"${who}" is not under people and is no e-mail address.`, ['review', 'approvers', i]);
    }
  });
  const approvers = approversOf(policy).length;
  const { required_reviewers: required, solo } = policy.review;
  if (required > approvers && !(solo && required === approvers + 1)) {
    fault('quorum', `${required} reviewers are required and ${approvers} may approve.`, [
      'review',
      'required_reviewers',
    ]);
  }
  for (const [path, reviewers] of Object.entries(policy.review.critical_paths)) {
    if (reviewers <= approvers) continue;
    const message = `${reviewers} reviewers are required for ${path} and ${approvers} may approve: no such change can pass.`;
    fault('quorum', message, ['review', 'critical_paths', path], 'warning');
  }
  if (policy.notify.slack?.channel !== undefined) {
    const message =
      'An incoming webhook of Slack writes to the channel it was made for; take channel out, and write slack: {}.';
    fault('no-effect', message, ['notify', 'slack', 'channel'], 'warning');
  }
  for (const [name, profile] of Object.entries(policy.agents.profiles)) {
    const path = ['agents', 'profiles', name];
    if (profile.provider === undefined && profile.model === undefined) continue;
    if (profile.provider === undefined || profile.model === undefined)
      fault('required', `"${name}" needs both provider and model.`, path);
    else if (!wildcard(policy.models.allow, `${profile.provider}/${profile.model}`)) {
      fault('model', `models.allow does not allow ${profile.provider}/${profile.model}.`, [...path, 'model']);
    }
  }
  return faults;
}
