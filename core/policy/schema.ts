import { z } from 'zod';
import { credential, egressRule, privateRegistry } from '../egress/policy-schema.ts';
import { DrydockError } from '../errors.ts';
import { guard } from '../guard/policy-schema.ts';
import { knowledge } from '../knowledge/policy-schema.ts';
import { mcpServer, mcpServerName } from '../mcp/policy-schema.ts';
import { modelPrice } from '../models/price-schema.ts';
import { modelProvider } from '../models/provider-schema.ts';
import { notifyPolicy, quietOf } from '../notification/policy-schema.ts';
import * as field from '../task-spec/fields.ts';
import { registries } from '../task-spec/package-managers.ts';
import { type JsonSchemaDraft, reviewers } from '../task-spec/schema.ts';
import { agents, agentsAsWritten, builtInAgents, providerName, providersOf } from './agents-schema.ts';
import { limits } from './limits.ts';
import { sandbox } from './sandbox.ts';
import { serviceImageInput } from './service-image.ts';

/** An address is a valid person id too, because the default id is `OSUSER@localhost`. */
const personId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}$/, 'Write an id in letters, digits and . _ @ + -.');

const person = z.strictObject({
  email: z.email().optional(),
  github: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?$/, 'Write a GitHub login.')
    .optional(),
  github_id: z
    .int()
    .positive()
    .optional()
    .describe(
      'Number of the GitHub account; then the account is known by it alone, because a login can be given up and taken.',
    ),
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,20}$/, 'Write a Slack member id such as U012ABC.')
    .optional(),
  iam: z
    .string()
    .regex(/^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+$/, 'Write the ARN of a user or role.')
    .optional(),
  oidc: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Write the subject as the issuer gives it, at most 255 characters.')
    .optional()
    .describe('Subject (`sub`) at the issuer that the pages sign people in with. Case matters.'),
  teams: z
    .array(field.name)
    .max(100)
    .optional()
    .describe(
      'Teams of this person: they get the messages about the budget, and under `readers` see only the runs of these.',
    ),
  quiet: quietOf,
});

/** What decides about changes: workflows, owners of files, specs. */
const protectedPaths = z
  .array(field.repositoryPath)
  .max(500)
  .default([
    ...[
      '.github/**',
      '.agent-tasks/**',
      'CODEOWNERS',
      'docs/CODEOWNERS',
      '.gitlab-ci.yml',
      '.gitlab/ci/**',
      'Jenkinsfile',
    ],
    ...['.circleci/**', '.buildkite/**', 'azure-pipelines.yml', 'bitbucket-pipelines.yml', '.travis.yml'],
  ]);

/** Git may run programs named in a URL (`ext::`) and reads options from one that begins with a dash. */
const gitUrl = field.refused(z.string().min(1).max(2_000), (url) => {
  if (url.startsWith('-')) return 'A URL may not begin with a dash.';
  if (/^[A-Za-z0-9+.-]*::/.test(url)) return 'A remote helper (NAME::…) is not allowed.';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && !['https', 'ssh', 'file'].includes(scheme)) return 'Use a path, https:// or ssh://.';
  if (/^[A-Za-z]+:\/\/[^/@:]*:[^/@]*@/.test(url)) return 'A URL may not contain a password.';
  return undefined;
});

const branchPatterns = z.array(
  field.refused(z.string().min(1).max(200), (pattern) => field.branchFault(pattern.replaceAll('*', 'x'))),
);
const shared = {
  team: field.name.optional().describe('Team whose budget the runs of this repository use.'),
  known_failures: z
    .array(z.string().min(1).max(500))
    .max(200)
    .default([])
    .describe('Names of tests that specs may list as known failures; `*` stands for any characters.'),
};

const repository = z.discriminatedUnion('host', [
  z.strictObject({
    host: z.literal('github'),
    installation: z.int().positive().optional().describe('Installation of the GitHub App; looked up if left out.'),
    trusted_branches: branchPatterns.default(['main']).describe('Branches whose pushed specs start runs.'),
    ci_apps: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, 'Write the slug of a GitHub App such as "github-actions".'))
      .min(1)
      .max(50)
      .optional()
      .describe(
        'Slugs of the GitHub Apps whose checks count as CI gates; by default those of all, and commit statuses.',
      ),
    ...shared,
  }),
  // Any branch by default: pushes to a plain git repository do not start runs, so there is no trigger to restrict.
  z.strictObject({
    host: z.literal('git'),
    url: gitUrl.describe('Path, relative to the policy file, or an https:// or ssh:// URL.'),
    trusted_branches: branchPatterns.default(['*']).describe('Branches that specs may target.'),
    ...shared,
  }),
]);

const review = z.strictObject({
  plan: z
    .enum(['required', 'optional'])
    .default('required')
    .describe('`optional`: the plan is recorded and needs no approval.'),
  approvers: z
    .array(personId)
    .max(500)
    .optional()
    .describe('Person ids or e-mail addresses; everybody under `people` but the readers if left out.'),
  required_reviewers: z.int().positive().max(20).default(1).describe('Approvals that a change needs.'),
  expires_hours: z.number().positive().max(8_760).default(72).describe('Hours after which an open gate expires.'),
  reviewers: reviewers.default([]).describe('Agent profiles that review every change; a spec may add others.'),
  critical_paths: z
    .record(field.repositoryPath, z.int().positive().max(20))
    .default({})
    .describe('Glob → approvals that a change to a matching file needs.'),
  solo: z
    .boolean()
    .optional()
    .describe('Whether the requester may approve. Default: true if the policy names neither people nor approvers.'),
});

const budget = z.strictObject({
  sprint_starts: z.iso.date('Write a date such as 2026-11-16.'),
  sprint_days: z.int().positive().max(366),
  limit_usd: z.number().nonnegative().max(100_000_000),
  alerts_percent: z.array(z.int().positive().max(100)).max(10).default([50, 80, 100]),
});

const triggers = z.strictObject({
  runbooks: z
    .record(
      field.repositoryName,
      z
        .array(
          z.string().regex(/^[a-z0-9*][a-z0-9*-]{0,59}$/, 'Write the name of a runbook; * stands for any characters.'),
        )
        .min(1)
        .max(100),
    )
    .describe('Repository → runbooks whose triggers may start runs.'),
  requester: personId.describe('Person who asks for the runs of schedules and pushes; they may not approve them.'),
  max_runs_per_day: z.int().min(1).max(1_000).default(10).describe('Runs that triggers start in a day, in UTC.'),
  usd_per_day: field.usd.optional().describe('Sum of what the runs of a day, in UTC, may cost at most.'),
  team: field.name.optional().describe('Team whose budget these runs use; that of the repository if left out.'),
});

/** The operator's configuration, as written (input) and with all defaults (output). */
export const policySchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    people: z.record(personId, person).default({}).describe('Person id → the names of that person in other systems.'),
    operators: z
      .array(personId)
      .max(500)
      .default([])
      .describe('Person ids or e-mail addresses that may cancel and retry every run, and pause the admission of runs.'),
    readers: z
      .array(personId)
      .max(500)
      .default([])
      .describe(
        'Person ids or e-mail addresses that see only the runs of their teams and their own; everybody else sees all.',
      ),
    repositories: z
      .record(field.repositoryName, repository)
      .default({})
      .describe('OWNER/NAME → a repository that specs may name.'),
    agents: agents.prefault(builtInAgents).describe('Profiles that specs may name, and the default one.'),
    models: z
      .strictObject({
        allow: z
          .array(z.string().regex(/^[A-Za-z0-9*][A-Za-z0-9._:/@*-]*$/, 'Write PROVIDER/MODEL.'))
          .max(200)
          .optional()
          .describe('Globs of PROVIDER/MODEL; the providers of the profiles if left out.'),
      })
      .prefault({}),
    providers: z
      .record(providerName, modelProvider)
      .default({})
      .describe('Name → model provider, beside anthropic, google and openai, or in their place.'),
    prices: z
      .record(
        z
          .string()
          .max(300)
          .regex(/^[a-z0-9][a-z0-9-]*\/[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'Write PROVIDER/MODEL.'),
        modelPrice,
      )
      .default({})
      .describe('PROVIDER/MODEL → price, in the place of the built-in list.'),
    runtimes: z
      .record(field.image, z.string().regex(/^\S+@sha256:[0-9a-f]{64}$/, 'Pin the image: NAME@sha256:DIGEST.'))
      .default({})
      .describe('Runtime name of a spec → container image, pinned by digest.'),
    services: z
      .record(field.image, serviceImageInput)
      .default({})
      .describe('Image of a service as specs name it → container image, pinned by digest, and how it runs.'),
    egress: z
      .strictObject({
        registries: z
          .array(z.enum(registries))
          .default([...registries])
          .describe('Package registries that sandboxes may read.'),
        hosts: z.array(field.host).max(500).default([]).describe('Hosts that specs may allow, on port 443.'),
        rules: z
          .array(egressRule)
          .max(500)
          .default([])
          .describe('What specs may allow to ask of a host: methods and paths. The gateway reads these requests.'),
        private: z
          .array(privateRegistry)
          .max(100)
          .default([])
          .describe('Registries of your own, for the packages of a scope or for all of a kind.'),
      })
      .prefault({}),
    credentials: z
      .record(field.name, credential)
      .default({})
      .describe('Name → where a credential is found. The gateway puts it into requests; it never enters a sandbox.'),
    sandbox: sandbox.prefault({}).describe('How sandboxes are made.'),
    mcp: z.record(mcpServerName, mcpServer).default({}).describe('Name → MCP server whose tools specs may ask for.'),
    checks: z.record(field.name, field.command).default({}).describe('Name → command, run in Verify on every change.'),
    ci: z
      .record(field.line(200), field.command)
      .default({})
      .describe('CI gate → command that replaces it on a host without CI.'),
    limits: limits.prefault({}).describe('Upper limits; a spec may only lower them.'),
    review: review.prefault({}),
    knowledge: knowledge.prefault({}),
    guard: guard.prefault({}).describe('What the guard allows and looks up.'),
    protected_paths: protectedPaths.describe('Paths that no change may touch.'),
    triggers: triggers.optional().describe('What runbooks may start by themselves; nothing if left out.'),
    budgets: z.record(field.name, budget).default({}).describe('Team → what its runs may cost in one sprint.'),
    notify: notifyPolicy.prefault({}).describe('How people are told outside the pages.'),
  })
  .transform((given) => ({
    ...given,
    models: { allow: given.models.allow ?? providersOf(given.agents.profiles) },
    review: {
      ...given.review,
      approvers: given.review.approvers ?? Object.keys(given.people).filter((id) => !given.readers.includes(id)),
      solo: given.review.solo ?? (given.review.approvers === undefined && Object.keys(given.people).length === 0),
    },
  }));

export type Policy = z.infer<typeof policySchema>;

/** A policy that was parsed before: one that was stored with a run, sent in a call, or deployed. */
export const parsedPolicySchema = z.preprocess(
  (given) =>
    typeof given === 'object' && given !== null && 'agents' in given
      ? { ...given, agents: agentsAsWritten(given.agents) }
      : given,
  policySchema,
);
/** A policy as people write it: fields with a default may be left out. */
export type PolicyInput = z.input<typeof policySchema>;

export function policyJsonSchema(target: JsonSchemaDraft = 'draft-2020-12'): object {
  return { title: 'Drydock policy', ...z.toJSONSchema(policySchema, { io: 'input', target }) };
}

/**
 * The built-in policy for one person on one machine, used without a policy file.
 * @throws PolicyInvalid when the id, the address or a repository's name or URL is invalid.
 */
export function soloPolicy(
  person: { id: string; email: string },
  repositories: { name: string; url: string }[],
): Policy {
  // `OSUSER@localhost` is a valid id, but not a deliverable address.
  const email = z.email().safeParse(person.email).success ? { email: person.email } : {};
  const parsed = policySchema.safeParse({
    version: 1,
    people: { [person.id]: email },
    repositories: Object.fromEntries(repositories.map(({ name, url }) => [name, { host: 'git', url }])),
    review: { approvers: [person.id], solo: true },
  });
  if (parsed.success) return parsed.data;
  throw new DrydockError('PolicyInvalid', `The built-in policy is invalid: ${z.prettifyError(parsed.error)}`);
}
