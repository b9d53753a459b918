import { z } from 'zod';
import { agentNames } from '../agents/names.ts';
import { storedPart } from '../campaign/part.ts';
import { egressRules } from '../egress/rule.ts';
import { mcpServerOfRun } from '../mcp/server.ts';
import { modelEndpoint } from '../models/endpoint.ts';
import { serviceImage } from '../policy/service-image.ts';
import { runbookUse } from '../runbook/record.ts';
import { packageManagers } from '../task-spec/package-managers.ts';
import { phaseLimits } from './phase.ts';

/**
 * A spec merged with its policy: everything a run may do. Submit builds it once and stores it as an artifact; the run
 * record holds its digest. Every step reads this artifact, so that spec and policy are not parsed again and cannot
 * change during the run. The schema checks the stored form; core/task-spec holds the rules of specs, core/policy those
 * of policies.
 */

const names = z.array(z.string());
const namedCommand = z.strictObject({ name: z.string(), command: z.string() });

const service = {
  env: z.record(z.string(), z.string()),
  port: z.int(),
  ready: z.strictObject({ command: z.string() }).optional(),
};

const spec = z.strictObject({
  task_id: z.string(),
  title: z.string().optional(),
  repository: z.string(),
  target_branch: z.string(),
  output_branch_prefix: z.string(),
  instructions: z.string(),
  constraints: names,
  target_paths: names,
  excluded_paths: names,
  success_criteria: z.array(z.union([z.string(), z.strictObject({ says: z.string(), run: z.string() })])),
  agent: z.string().optional(),
  /** Names of profiles. */
  reviewers: names.optional(),
  team: z.string().optional(),
  checkpoints: names,
  depends_on: names,
  campaign: z
    .strictObject({
      parts: z.array(storedPart).optional(),
      max_parts: z.int(),
      max_parallel: z.int(),
      coordinator: z.string().optional(),
    })
    .optional(),
  known_failures: names,
  sandbox: z.strictObject({
    runtime: z.string(),
    package_manager: z.enum(packageManagers).optional(),
    roots: names.optional(),
    dependencies: names,
    env: z.record(z.string(), z.string()),
    setup_command: z.string().optional(),
    build_command: z.string().optional(),
    test_command: z.string(),
    egress: names,
    mcp: z.union([names, z.record(z.string(), names)]).optional(),
    cpu: z.number().optional(),
    memory_mb: z.number().optional(),
    timeout_minutes: z.number().optional(),
    services: z
      .record(
        z.string(),
        z.union([
          z.strictObject({ command: z.string(), ...service }),
          z.strictObject({ image: z.string(), memory_mb: z.int().optional(), ...service }),
        ]),
      )
      .optional(),
  }),
  budget: z.strictObject({ max_usd: z.number().optional() }),
  review: z.strictObject({
    require_human_approval: z.boolean(),
    required_reviewers: z.number().optional(),
    ci_gates: names,
  }),
  runbook: runbookUse.optional(),
});

const agent = z.strictObject({
  /** Name of the profile. */
  name: z.string(),
  kind: z.enum(['command', 'acp']),
  command: names,
  /** The agent that this is, if the product knows it. */
  agent: z.enum(agentNames).optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  /** Models that are asked in this order when the provider answers for the one before with 429 or 5xx. */
  fallbacks: names.optional(),
  /** Calls of the model in one phase, at most. */
  max_turns: z.int().optional(),
  files: z.string().optional(),
  plans: z.boolean(),
});

const person = z.strictObject({
  email: z.string().optional(),
  github: z.string().optional(),
  github_id: z.int().optional(),
  slack: z.string().optional(),
  iam: z.string().optional(),
  oidc: z.string().optional(),
  teams: names.optional(),
  quiet: z.strictObject({ from: z.string(), to: z.string(), timezone: z.string() }).optional(),
});

const sprintBudget = z.strictObject({
  /** ISO date. */
  sprint_starts: z.string(),
  sprint_days: z.number(),
  limit_usd: z.number(),
  alerts_percent: z.array(z.number()),
});
export type SprintBudget = z.infer<typeof sprintBudget>;

export const effectiveTask = z.strictObject({
  spec,
  /** The repository as the policy lists it. `location`: its path, URL or name at the code host. */
  repository: z.strictObject({
    host: z.enum(['git', 'github']),
    location: z.string(),
    installation: z.int().optional(),
    /** Apps whose checks count as CI gates; absent: all, and commit statuses. */
    ciApps: names.optional(),
  }),
  agent,
  /** Profiles that review each change, in this order, with the providers of their models; absent: none. */
  reviewers: z.array(z.strictObject({ agent, endpoint: modelEndpoint.optional() })).optional(),
  /** Of a campaign: the profiles that its parts may have, each with its model provider. `agent` is the coordinator. */
  profiles: z.record(z.string(), z.strictObject({ agent, endpoint: modelEndpoint.optional() })).optional(),
  /** Of a campaign: the profile of parts that name none. */
  partAgent: z.string().optional(),
  team: z.string(),
  /** The team's budget; absent when the policy sets none. */
  budget: sprintBudget.optional(),
  /** Approvers as the policy lists them (a solo policy's requester is not added); they receive budget alerts. */
  policyApprovers: names,
  /** People who may act on every run of the policy, besides its approvers. */
  operators: names.optional(),
  /** People of the policy by id; they cast votes and reviews. */
  people: z.record(z.string(), person),
  limits: phaseLimits.extend({
    usdMicros: z.int(),
    changedFiles: z.int(),
    changedBytes: z.int(),
    reworkRounds: z.int(),
    planAlternatives: z.int(),
    historyDepth: z.int(),
    concurrentRuns: z.int(),
    /** Over all repositories. */
    concurrentRunsTotal: z.int().exactOptional(),
    ciReportMs: z.int(),
  }),
  /** Person ids. The requester is included if listed or solo; without solo the requester's vote does not count. */
  approvers: names,
  /** The larger number of spec and policy; `criticalPaths` may raise it for the files that a change touches. */
  requiredReviewers: z.int(),
  planRequired: z.boolean(),
  expiresHours: z.number(),
  /** Glob → reviewers. */
  criticalPaths: z.record(z.string(), z.int()),
  /** The policy's registries, and the hosts that both spec and policy name. */
  egress: egressRules.partial().extend({ registries: names, hosts: names }),
  /** MCP servers that both spec and policy name. */
  mcp: z.array(mcpServerOfRun).optional(),
  /** Image of a service as specs name it → pinned by digest, and how it runs; the image alone in runs of an older version. */
  serviceImages: z.record(z.string(), z.union([z.string(), serviceImage])).optional(),
  protectedPaths: names,
  /** Fingerprints of values that look like secrets and are none; absent in runs of an older version. */
  allowedSecrets: names.optional(),
  /** What the versions are checked against that a change adds to a lock file; absent: nothing. */
  dependencies: z
    .strictObject({ advisories: z.string().optional(), allowedAdvisories: names, deniedLicenses: names })
    .optional(),
  /** Globs of `provider/model`. */
  modelsAllow: names,
  /** The agent's model provider; absent for an agent without one. */
  endpoint: modelEndpoint.optional(),
  checks: z.array(namedCommand),
  /** Commands that replace the spec's `ci_gates` when the repository's host has no CI. */
  ci: z.array(namedCommand),
  /** Names of tests that fail on the target branch, as listed by both spec and policy. */
  knownFailures: names,
  constraints: z.strictObject({
    /** Globs of the only paths that may change; empty: every path may change. */
    targetPaths: names,
    /** Globs of paths that may not change. */
    excludedPaths: names,
    /** Of a part: globs of the only paths that its campaign may change; absent or empty: every path may change. */
    within: names.optional(),
    constraints: z.array(
      z.strictObject({ text: z.string(), enforcedBy: z.enum(['guard', 'test', 'advisory']), detail: z.string() }),
    ),
  }),
  solo: z.boolean(),
});
export type EffectiveTask = z.infer<typeof effectiveTask>;
export type NamedCommand = z.infer<typeof namedCommand>;
