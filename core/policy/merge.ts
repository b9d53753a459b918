import picomatch from 'picomatch';
import { reviewersOf } from '../ask/reviewers.ts';
import { campaignOf, type RefuseProfile } from '../campaign/of-policy.ts';
import { defined } from '../defined.ts';
import { mcpOf } from '../mcp/of-policy.ts';
import type { ModelEndpoint } from '../models/endpoint.ts';
import { endpointOf } from '../models/of-policy.ts';
import { microsOf } from '../money/format.ts';
import { priceLine, priceOf } from '../money/price.ts';
import type { EffectiveTask, NamedCommand } from '../run/effective-task.ts';
import { compileConstraints } from '../task-spec/constraints.ts';
import type { TaskSpec } from '../task-spec/schema.ts';
import { isBuiltIn } from '../task-spec/toolchains.ts';
import { egressOf } from './merge-egress.ts';
import { approversOf, operatorsOf, personOf } from './people.ts';
import type { Policy } from './schema.ts';
import { wildcard } from './wildcard.ts';

interface PolicyProblem {
  name:
    | 'PolicyRefused'
    | 'QuorumImpossible'
    | 'UnknownCiGate'
    | 'UnknownAgent'
    | 'UnknownRepository'
    | 'UnknownRuntime'
    | 'UnknownPrice'
    | 'NotBuiltYet';
  message: string;
  /** Field of the spec, for example `sandbox.egress.0`. */
  path: string;
}

export type Refuse = (path: string, message: string, name?: PolicyProblem['name']) => void;

const own = <T>(map: Record<string, T>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

/**
 * Merges spec and policy (R34). A spec may only tighten the policy: a looser value is refused, never silently reduced.
 * All refusals are reported at once; `task` is present if there are none.
 * @param requester person id, see `personOf`
 * @param barred others who may not approve, because they started a run of the same spec
 */
export function applyPolicy(
  spec: TaskSpec,
  policy: Policy,
  requester: string,
  barred: readonly string[] = [],
): { task?: EffectiveTask; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const refuse: Refuse = (path, message, name = 'PolicyRefused') => problems.push({ name, message, path });

  refuseUnbuilt(spec, refuse);
  const repository = own(policy.repositories, spec.repository);
  if (!repository) {
    refuse(
      'repository',
      `The policy does not list "${spec.repository}".${listed(Object.keys(policy.repositories))}`,
      'UnknownRepository',
    );
  } else if (!wildcard(repository.trusted_branches, spec.target_branch)) {
    refuse(
      'target_branch',
      `"${spec.target_branch}" is not among the trusted branches.${listed(repository.trusted_branches)}`,
    );
  }
  const ofProfile = (name: string, path: string, said: RefuseProfile) => {
    const profile = own(policy.agents.profiles, name);
    if (!profile)
      said(path, `The policy has no profile "${name}".${listed(Object.keys(policy.agents.profiles))}`, 'UnknownAgent');
    return { profile, endpoint: profile && endpointOfProfile(policy, name, profile, path, said) };
  };
  const partAgent = spec.agent ?? policy.agents.default;
  const agentName = spec.campaign?.coordinator ?? partAgent;
  const path = spec.campaign?.coordinator === undefined ? 'agent' : 'campaign.coordinator';
  const { profile, endpoint } = ofProfile(agentName, path, refuse);
  const campaign = spec.campaign && campaignOf(spec.campaign, partAgent, policy, ofProfile, refuse);
  const { reviewers, profiles } = reviewersOf(
    spec,
    policy,
    { agentName, partAgent },
    ofProfile,
    refuse,
    campaign?.profiles,
  );
  if (!isBuiltIn(spec.sandbox.runtime) && own(policy.runtimes, spec.sandbox.runtime) === undefined) {
    refuse(
      'sandbox.runtime',
      `"${spec.sandbox.runtime}" is not a built-in toolchain, and the policy does not list it under runtimes.`,
      'UnknownRuntime',
    );
  }
  refuseServices(spec, policy, refuse);
  const team = teamOf(spec, repository?.team, policy, refuse);
  const limits = limitsOf(spec, policy, refuse);
  const quorum = quorumOf(spec, policy, requester, barred, refuse);
  const egress = egressOf(spec, policy, refuse);
  const mcp = mcpOf(spec, policy, profile, refuse);
  const ci = repository?.host === 'git' ? ciOf(spec, policy, refuse) : [];
  spec.known_failures.forEach((test, i) => {
    if (repository && !wildcard(repository.known_failures, test)) {
      refuse(`known_failures.${i}`, `The policy does not list "${test}" as a known failure.`);
    }
  });
  const constraints = compileConstraints(spec);
  const isProtected = picomatch(policy.protected_paths, { dot: true });
  spec.target_paths.forEach((path, i) => {
    if (isProtected(path)) refuse(`target_paths.${i}`, `"${path}" is protected by the policy and may not change.`);
  });
  if (problems.length > 0 || !profile || !repository) return { problems };

  return {
    problems,
    task: {
      spec,
      repository: {
        host: repository.host,
        location: repository.host === 'git' ? repository.url : spec.repository,
        ...(repository.host === 'github' && repository.installation !== undefined
          ? { installation: repository.installation }
          : {}),
        ...(repository.host === 'github' && repository.ci_apps ? { ciApps: repository.ci_apps } : {}),
      },
      agent: { name: agentName, ...profile },
      ...campaign,
      ...defined({ reviewers, profiles }),
      team,
      budget: own(policy.budgets, team),
      policyApprovers: policy.review.approvers,
      operators: operatorsOf(policy),
      people: policy.people,
      limits,
      ...quorum,
      planRequired: policy.review.plan === 'required',
      expiresHours: policy.review.expires_hours,
      criticalPaths: policy.review.critical_paths,
      egress: { ...egress, credentials: { ...egress.credentials, ...mcp.credentials } },
      ...(mcp.servers.length === 0 ? {} : { mcp: mcp.servers }),
      ...(spec.sandbox.services === undefined ? {} : { serviceImages: policy.services }),
      protectedPaths: policy.protected_paths,
      allowedSecrets: policy.guard.allowed_secrets.map(({ fingerprint }) => fingerprint),
      dependencies: {
        ...(policy.guard.advisories === undefined ? {} : { advisories: policy.guard.advisories }),
        allowedAdvisories: policy.guard.allowed_advisories.map(({ id }) => id),
        deniedLicenses: policy.guard.denied_licenses,
      },
      modelsAllow: policy.models.allow,
      ...(endpoint === undefined ? {} : { endpoint }),
      checks: Object.entries(policy.checks).map(([name, command]) => ({ name, command })),
      ci,
      knownFailures: spec.known_failures,
      constraints,
      solo: policy.review.solo,
    },
  };
}

/** The provider of a profile, with all the faults of its models. */
function endpointOfProfile(
  policy: Policy,
  agent: string,
  { provider, model, fallbacks = [] }: Policy['agents']['profiles'][string],
  path: string,
  refuse: RefuseProfile,
): ModelEndpoint | undefined {
  if (provider === undefined || model === undefined) return undefined;
  const endpoint = endpointOf(policy, provider);
  if (endpoint === undefined)
    refuse(path, `The policy has no provider "${provider}", which "${agent}" names.`, 'UnknownAgent');
  for (const each of [model, ...fallbacks]) {
    if (!wildcard(policy.models.allow, `${provider}/${each}`))
      refuse(path, `The policy does not allow the model of "${agent}", ${provider}/${each}.`);
    if (endpoint !== undefined && priceOf(endpoint.prices, each) === undefined)
      refuse(path, `The price of ${provider}/${each} is unknown. Write ${priceLine(provider, each)}.`, 'UnknownPrice');
  }
  return endpoint;
}

const listed = (names: string[]): string => (names.length === 0 ? '' : ` It lists ${names.slice(0, 10).join(', ')}.`);

/** Refuses fields of the schema that this version does not support, because ignoring them silently would be worse. */
export function refuseUnbuilt(spec: TaskSpec, refuse: Refuse): void {
  if (spec.depends_on.length > 0)
    refuse('depends_on', 'depends_on is not built yet; start the tasks in order.', 'NotBuiltYet');
  if (spec.campaign !== undefined && spec.checkpoints.length > 0)
    refuse(
      'checkpoints',
      'A campaign has no checkpoints; approve its plan with its parts, and review the whole.',
      'NotBuiltYet',
    );
}

/** A service's image is one of the policy's, once, with at most its memory. */
function refuseServices(spec: TaskSpec, policy: Policy, refuse: Refuse): void {
  const users = new Map<string, string>();
  for (const [name, service] of Object.entries(spec.sandbox.services ?? {})) {
    if (!('image' in service)) continue;
    const path = `sandbox.services.${name}`;
    const { image, memory_mb } = service;
    const allowed = own(policy.services, image);
    const other = users.get(image);
    users.set(image, name);
    if (allowed === undefined)
      refuse(
        path,
        `The policy does not list the image "${image}" under services.${listed(Object.keys(policy.services))}`,
      );
    else if (memory_mb !== undefined && memory_mb > allowed.memory_mb)
      refuse(
        `${path}.memory_mb`,
        `${memory_mb} is above the policy's services.${image}.memory_mb, ${allowed.memory_mb}.`,
      );
    if (other !== undefined)
      refuse(
        path,
        `The service ${other} has the image "${image}" already; the policy can list it under a second name.`,
      );
  }
}

function teamOf(spec: TaskSpec, repositoryTeam: string | undefined, policy: Policy, refuse: Refuse): string {
  if (spec.team === undefined) return repositoryTeam ?? 'default';
  // Otherwise a spec could spend another team's budget.
  if (repositoryTeam !== undefined && spec.team !== repositoryTeam)
    refuse('team', `The repository belongs to team "${repositoryTeam}".`);
  else if (repositoryTeam === undefined && own(policy.budgets, spec.team) === undefined) {
    refuse('team', `The policy has no budget for team "${spec.team}".${listed(Object.keys(policy.budgets))}`);
  }
  return spec.team;
}

function limitsOf(spec: TaskSpec, policy: Policy, refuse: Refuse): EffectiveTask['limits'] {
  const { limits } = policy;
  const lower = (asked: number | undefined, limit: number, path: string, name: string): number => {
    if (asked !== undefined && asked > limit) refuse(path, `${asked} is above the policy's limits.${name}, ${limit}.`);
    return Math.min(asked ?? limit, limit);
  };
  const { cpu, memory_mb, timeout_minutes } = spec.sandbox;
  return {
    timeoutMs: Math.max(
      1,
      Math.round(lower(timeout_minutes, limits.timeout_minutes, 'sandbox.timeout_minutes', 'timeout_minutes') * 60_000),
    ),
    cpu: lower(cpu, limits.cpu, 'sandbox.cpu', 'cpu'),
    memoryMb: lower(memory_mb, limits.memory_mb, 'sandbox.memory_mb', 'memory_mb'),
    pids: limits.pids,
    diskMb: limits.disk_mb,
    usdMicros: microsOf(lower(spec.budget.max_usd, limits.usd_per_run, 'budget.max_usd', 'usd_per_run')),
    changedFiles: limits.changed_files,
    changedBytes: limits.changed_bytes,
    reworkRounds: limits.rework_rounds,
    planAlternatives: limits.plan_alternatives,
    historyDepth: limits.history_depth,
    concurrentRuns: limits.concurrent_runs,
    ...defined({ concurrentRunsTotal: limits.concurrent_runs_total }),
    ciReportMs: Math.round(limits.ci_report_minutes * 60_000),
  };
}

function quorumOf(
  spec: TaskSpec,
  policy: Policy,
  requester: string,
  barred: readonly string[],
  refuse: Refuse,
): Pick<EffectiveTask, 'approvers' | 'requiredReviewers'> {
  const min = policy.review.required_reviewers;
  const asked = spec.review.required_reviewers;
  if (!spec.review.require_human_approval) {
    refuse(
      'review.require_human_approval',
      'The policy requires the approval of a person; a spec may not turn it off.',
    );
  }
  if (asked !== undefined && asked < min) {
    refuse('review.required_reviewers', `${asked} is below the policy's review.required_reviewers, ${min}.`);
  }
  const requiredReviewers = Math.max(asked ?? min, min);
  const person = personOf(policy, requester) ?? requester;
  const listedApprovers = approversOf(policy);
  const approvers = policy.review.solo ? [...new Set([...listedApprovers, person])] : listedApprovers;
  const able = policy.review.solo
    ? approvers
    : approvers.filter((approver) => approver !== person && !barred.includes(approver));
  if (requiredReviewers > able.length) {
    const message = `${requiredReviewers} reviewers are required, but only ${able.length} may approve besides the requester${barred.length > 0 ? ` and ${barred.join(', ')}, who also started a run of this spec` : ''}.`;
    const solo = `${requiredReviewers} reviewers are required, but only ${able.length} may approve.`;
    refuse('review.required_reviewers', policy.review.solo ? solo : message, 'QuorumImpossible');
  }
  return { approvers, requiredReviewers };
}

function ciOf(spec: TaskSpec, policy: Policy, refuse: Refuse): NamedCommand[] {
  return [...new Set(spec.review.ci_gates)].flatMap((name) => {
    const command = own(policy.ci, name);
    if (command !== undefined) return [{ name, command }];
    const path = `review.ci_gates.${spec.review.ci_gates.indexOf(name)}`;
    refuse(
      path,
      `The repository's host has no CI, and the policy does not define "${name}" under ci.`,
      'UnknownCiGate',
    );
    return [];
  });
}
