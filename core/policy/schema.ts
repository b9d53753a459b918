import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DrydockError } from '../errors.ts';
import * as field from '../task-spec/fields.ts';
import { registries } from '../task-spec/toolchains.ts';

/** Person ids also come from `OSUSER@localhost`, so an address is one. */
const personId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}$/, 'Write an id in letters, digits and . _ @ + -.');

const person = z.strictObject({
  email: z.email().optional(),
  github: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?$/, 'Write a GitHub login.')
    .optional(),
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,20}$/, 'Write a Slack member id such as U012ABC.')
    .optional(),
  iam: z
    .string()
    .regex(/^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:\S+$/, 'Write the ARN of a user or role.')
    .optional(),
  /** Subject (`sub`) at the issuer that the pages sign people in with; letters are told from capitals. */
  oidc: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Write the subject as the issuer gives it, at most 255 characters.')
    .optional(),
});

/** Git may run programs named in a URL (`ext::`) and reads options from one that begins with a dash. */
const gitUrl = field.refused(z.string().min(1).max(2_000), (url) => {
  if (url.startsWith('-')) return 'A URL may not begin with a dash.';
  if (/^[A-Za-z0-9+.-]*::/.test(url)) return 'A remote helper (NAME::…) is not allowed.';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && !['https', 'ssh', 'file'].includes(scheme)) return 'Use a path, https:// or ssh://.';
  if (/^[A-Za-z]+:\/\/[^/@]*:[^/@]*@/.test(url)) return 'A URL may not hold a password.';
  return undefined;
});

const branchPatterns = z.array(
  field.refused(z.string().min(1).max(200), (pattern) => field.branchFault(pattern.replaceAll('*', 'x'))),
);
const shared = {
  team: field.name.optional(),
  /** Names of tests that specs may list as failing already; `*` stands for any characters. */
  known_failures: z.array(z.string().min(1).max(500)).max(200).default([]),
};

const repository = z.discriminatedUnion('host', [
  z.strictObject({
    host: z.literal('github'),
    /** Of the GitHub App; looked up where it is left out. */
    installation: z.int().positive().optional(),
    trusted_branches: branchPatterns.default(['main']),
    ...shared,
  }),
  // Without a host's pushes there is no trigger to mistrust: any branch of one's own repository.
  z.strictObject({ host: z.literal('git'), url: gitUrl, trusted_branches: branchPatterns.default(['*']), ...shared }),
]);

const profile = z
  .strictObject({
    kind: z.enum(['command', 'acp']),
    /** Program and arguments; no shell. */
    command: z.array(z.string().min(1).max(4_000)).min(1).max(100),
    provider: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/, 'Write a provider such as "google".')
      .optional(),
    model: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'Write a model id.')
      .optional(),
    /** Folder mounted read-only at /agent. */
    files: z.string().min(1).max(1_000).optional(),
    /** Whether the agent is started in Plan; a command is not unless it says so. */
    plans: z.boolean().optional(),
  })
  .transform((given) => ({ ...given, plans: given.plans ?? given.kind === 'acp' }));

/** The agent of a policy that names none. */
const builtInAgents = {
  default: 'gemini',
  profiles: {
    gemini: { kind: 'acp' as const, command: ['gemini', '--acp'], provider: 'google', model: 'gemini-2.5-pro' },
  },
};

const agents = z
  .strictObject({ default: field.name.optional(), profiles: z.record(field.name, profile) })
  .check(({ value, issues }) => {
    const names = Object.keys(value.profiles);
    const fault = (message: string, path: string[]) => issues.push({ code: 'custom', message, path, input: value });
    if (names.length === 0) fault('List at least one profile.', ['profiles']);
    else if (value.default === undefined && names.length > 1)
      fault(`Name one of the profiles: ${names.join(', ')}.`, ['default']);
    else if (value.default !== undefined && !names.includes(value.default)) {
      fault(`"${value.default}" is not among the profiles: ${names.join(', ')}.`, ['default']);
    }
  })
  .transform((given) => ({ ...given, default: given.default ?? Object.keys(given.profiles)[0] ?? '' }));

const mcpServer = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).optional(),
    command: z.array(z.string().min(1)).min(1).optional(),
    /** The only tools that are listed and may be called. */
    tools: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)).max(200),
  })
  .check(({ value, issues }) => {
    if ((value.url === undefined) === (value.command === undefined)) {
      issues.push({ code: 'custom', message: 'Give either url or command.', input: value });
    }
  });

const limits = z.strictObject({
  usd_per_run: field.usd.default(10),
  /** Of one phase. */
  timeout_minutes: z.number().positive().max(10_080).default(60),
  cpu: z.number().positive().max(256).default(2),
  /** MiB. */
  memory_mb: z.int().positive().max(1_048_576).default(4096),
  pids: z.int().min(16).max(1_000_000).default(512),
  /** MiB. */
  disk_mb: z.int().positive().max(10_485_760).default(10_240),
  concurrent_runs: z.int().positive().max(10_000).default(4),
  changed_files: z.int().positive().max(100_000).default(300),
  changed_bytes: z.int().positive().max(1_000_000_000).default(5_000_000),
  rework_rounds: z.int().nonnegative().max(20).default(3),
  plan_alternatives: z.int().nonnegative().max(20).default(3),
  /** How long a CI gate may stay without any report before it counts as missing. */
  ci_report_minutes: z.number().positive().max(10_080).default(30),
  /** Commits of the base's history that the sandbox may read. */
  history_depth: z.int().positive().max(100_000).default(50),
});

const review = z.strictObject({
  /** `optional`: the plan is recorded, and nobody is asked. */
  plan: z.enum(['required', 'optional']).default('required'),
  /** Person ids or e-mail addresses; everybody under `people` where it is left out. */
  approvers: z.array(personId).max(500).optional(),
  required_reviewers: z.int().positive().max(20).default(1),
  expires_hours: z.number().positive().max(8_760).default(72),
  /** Glob → reviewers of a change that touches it. */
  critical_paths: z.record(field.repositoryPath, z.int().positive().max(20)).default({}),
  /** One person may approve what that person asked for. Where the policy names nobody, there is only one person. */
  solo: z.boolean().optional(),
});

const budget = z.strictObject({
  sprint_starts: z.iso.date('Write a date such as 2026-11-16.'),
  sprint_days: z.int().positive().max(366),
  limit_usd: z.number().nonnegative().max(100_000_000),
  alerts_percent: z.array(z.int().positive().max(100)).max(10).default([50, 80, 100]),
});

/** The operator's configuration, as written (input) and with every default filled in (output). */
export const policySchema = z
  .strictObject({
    version: z.literal(1),
    people: z.record(personId, person).default({}),
    repositories: z.record(field.repositoryName, repository).default({}),
    agents: agents.prefault(builtInAgents),
    /** Globs of `provider/model`; the providers of the profiles where it is left out. */
    models: z
      .strictObject({
        allow: z
          .array(z.string().regex(/^[A-Za-z0-9*][A-Za-z0-9._:/@*-]*$/, 'Write PROVIDER/MODEL.'))
          .max(200)
          .optional(),
      })
      .prefault({}),
    runtimes: z
      .record(field.image, z.string().regex(/^\S+@sha256:[0-9a-f]{64}$/, 'Pin the image: NAME@sha256:DIGEST.'))
      .default({}),
    egress: z
      .strictObject({
        /** Read-only mirrors; what a project's lock file needs. */
        registries: z.array(z.enum(registries)).default([...registries]),
        hosts: z.array(field.host).max(500).default([]),
      })
      .prefault({}),
    /** Where sandboxes run as tasks of Fargate; on one machine it means nothing. */
    sandbox: z
      .strictObject({
        /** Spot capacity for the first try of a phase: cheaper, and now and then taken back. */
        spot: z.boolean().default(false),
      })
      .prefault({}),
    mcp: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'Write a name in small letters.'), mcpServer)
      .default({}),
    checks: z.record(field.name, field.command).default({}),
    ci: z.record(field.line(200), field.command).default({}),
    limits: limits.prefault({}),
    review: review.prefault({}),
    protected_paths: z.array(field.repositoryPath).max(500).default(['.github/**', '.agent-tasks/**']),
    budgets: z.record(field.name, budget).default({}),
    notify: z
      .strictObject({
        slack: z.strictObject({ channel: z.string().min(1).max(100) }).optional(),
        email: z.strictObject({ from: z.email() }).optional(),
      })
      .prefault({}),
  })
  .transform((given) => ({
    ...given,
    models: { allow: given.models.allow ?? providersOf(given.agents.profiles) },
    review: {
      ...given.review,
      approvers: given.review.approvers ?? Object.keys(given.people),
      solo: given.review.solo ?? (given.review.approvers === undefined && Object.keys(given.people).length === 0),
    },
  }));

export type Policy = z.infer<typeof policySchema>;

const providersOf = (profiles: Record<string, { provider?: string | undefined }>): string[] => [
  ...new Set(Object.values(profiles).flatMap(({ provider }) => (provider === undefined ? [] : [`${provider}/*`]))),
];

/**
 * The policy of one person on one machine, for whoever has none.
 * @throws PolicyInvalid when the id, the address or a repository's name or URL could not stand in a policy.
 */
export function soloPolicy(who: { id: string; email: string }, repositories: { name: string; url: string }[]): Policy {
  // `OSUSER@localhost` is an id that is no deliverable address.
  const email = z.email().safeParse(who.email).success ? { email: who.email } : {};
  const parsed = policySchema.safeParse({
    version: 1,
    people: { [who.id]: email },
    repositories: Object.fromEntries(repositories.map(({ name, url }) => [name, { host: 'git', url }])),
    review: { approvers: [who.id], solo: true },
  });
  if (parsed.success) return parsed.data;
  throw new DrydockError('PolicyInvalid', `The built-in policy cannot be made: ${z.prettifyError(parsed.error)}`);
}

/** SHA-256 over the policy with its defaults, keys in order; 64 hex. The order in which it is written does not count. */
export const policyDigest = (policy: Policy): string => createHash('sha256').update(canonical(policy)).digest('hex');

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
