import { z } from 'zod';
import { campaignSchema } from '../campaign/part-schema.ts';
import { askedServers } from '../mcp/policy-schema.ts';
import { runbookUse } from '../runbook/record.ts';
import * as field from './fields.ts';
import { packageManagers } from './package-managers.ts';
import { isReservedVariable, isSecretShaped } from './secrets.ts';
import { fillToolchain } from './toolchains.ts';

const env = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Write a variable name in letters, digits and underscores.'),
    z.string().max(4_000),
  )
  .check((context) => {
    for (const [name, value] of Object.entries(context.value)) {
      const refuse = (message: string) => context.issues.push({ code: 'custom', message, path: [name], input: name });
      if (isReservedVariable(name)) refuse(`"${name}" is set by the sandbox; remove it.`);
      else if (isSecretShaped(name, value)) {
        refuse(
          `"${name}" looks like a secret; remove it, because a spec may not contain secrets and the sandbox needs none.`,
        );
      }
    }
  });

const service = {
  env: env.default({}).describe('Variables of the service, besides those of the sandbox.'),
  port: z
    .int()
    .min(1_024)
    .max(65_535)
    .refine((port) => port !== 8_787, 'This port is used by the sandbox; choose another one.')
    .describe('TCP port, reached at 127.0.0.1 and under the name of the service.'),
  ready: z
    .strictObject({ command: field.command })
    .optional()
    .describe('Command that exits with 0 once the service is ready; its port accepts connections if left out.'),
};
/** Characters as JSON. AWS takes 8,192 for all that a task is told when it starts. */
const maxVariables = 6_000;

const services = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'Write a name in small letters, digits and dashes.'),
    z.union([
      z.strictObject({ command: field.command.describe('Program of the sandbox.'), ...service }),
      z.strictObject({
        image: field.image.describe('Container image that the policy lists under `services`.'),
        memory_mb: z.int().positive().max(1_048_576).optional().describe('Memory in MiB.'),
        ...service,
      }),
    ]),
  )
  .check(({ value, issues }) => {
    if (Object.keys(value).length > 10) issues.push({ code: 'custom', message: 'At most 10 services.', input: value });
    for (const name of ['localhost', 'drydock'])
      if (Object.hasOwn(value, name))
        issues.push({ code: 'custom', message: `The name "${name}" is taken.`, path: [name], input: value });
    const ports = Object.values(value).map(({ port }) => port);
    if (new Set(ports).size < ports.length)
      issues.push({ code: 'custom', message: 'Two services have the same port.', input: value });
    const variables = Object.values(value).flatMap((each) =>
      'image' in each ? Object.entries(each.env).map(([name, text]) => ({ name, value: text })) : [],
    );
    if (JSON.stringify(variables).length > maxVariables)
      issues.push({
        code: 'custom',
        message: `The variables of all services with an image have at most ${maxVariables} characters together.`,
        input: value,
      });
  });

const sandbox = z
  .strictObject({
    runtime: field.image.optional().describe('Container image or toolchain, for example "node:20-slim".'),
    package_manager: z.enum(packageManagers).optional(),
    roots: z
      .array(field.folder)
      .min(1)
      .max(20)
      .optional()
      .describe('Folders with a lock file of their own, such as [".", "services/api"]; the root if left out.'),
    dependencies: z
      .array(field.dependency)
      .max(200)
      .default([])
      .describe('Packages to install besides the lock file, without changing it.'),
    env: env.default({}).describe('Variables of the sandbox. Secrets are refused.'),
    setup_command: field.command.optional(),
    build_command: field.command.optional(),
    test_command: field.command.optional().describe('Must pass before the agent starts and after it ends.'),
    egress: z.array(field.host).max(50).default([]).describe('Hosts to reach on port 443; the policy must allow each.'),
    mcp: askedServers
      .optional()
      .describe('MCP servers of the policy that the agent gets: names, or names with fewer tools.'),
    cpu: z.number().positive().max(256).optional().describe('Virtual CPUs.'),
    memory_mb: z.int().positive().max(1_048_576).optional().describe('Memory in MiB.'),
    timeout_minutes: z.number().positive().max(10_080).optional().describe('Maximum time of one phase, in minutes.'),
    services: services.optional().describe('Servers that the tests need, by the name under which they are reached.'),
  })
  .transform((given) => ({ ...given, ...fillToolchain(given) }));

const criterion = z.union([
  field.prose(2_000),
  z
    .strictObject({ says: field.prose(2_000), run: field.command })
    .describe('`run` is executed in Verify and must exit with 0.'),
]);

export const reviewers = z
  .array(field.name)
  .max(5)
  .refine((names) => new Set(names).size === names.length, 'A profile is named twice.');

/** A task spec as people write it (input), and with defaults as the pipeline reads it (output). */
export const specSchema = z.strictObject({
  task_id: field.name.describe('Name of the task, unique in the repository.'),
  title: field.line(200).optional(),
  repository: field.repositoryName.describe('Repository as the policy names it, OWNER/NAME.'),
  target_branch: field.branch.describe('Target branch of the pull request.'),
  output_branch_prefix: field.branchPrefix.describe('The branch of a run is this prefix and `-<8 hex>`.'),
  instructions: field.prose(100_000).describe('Instructions for the agent; the body of a Markdown spec.'),
  constraints: z
    .array(field.prose(2_000))
    .max(100)
    .describe('Rules for the change. "Only PATHS" and "Do not modify PATHS" are enforced.'),
  target_paths: z.array(field.repositoryPath).max(200).default([]).describe('The only paths that may change.'),
  excluded_paths: z.array(field.repositoryPath).max(200).default([]).describe('Paths that may not change.'),
  success_criteria: z.array(criterion).max(100).default([]),
  agent: field.name.optional().describe('Agent profile of the policy; its default profile if left out.'),
  reviewers: reviewers
    .optional()
    .describe('Agent profiles of the policy that review each change, besides those that it names.'),
  team: field.name.optional(),
  checkpoints: z.array(field.line(200)).max(20).default([]),
  depends_on: z.array(field.name).max(50).default([]).describe('Not built yet: refused.'),
  campaign: campaignSchema
    .optional()
    .describe('Several agents on one goal: parts that run in parallel, merged into one change.'),
  known_failures: z
    .array(field.line(500))
    .max(200)
    .default([])
    .describe('Tests that already fail on the target branch.'),
  sandbox: sandbox.prefault({}),
  budget: z
    .strictObject({ max_usd: field.usd.optional().describe('Maximum cost of the run, in US dollars.') })
    .prefault({}),
  review: z
    .strictObject({
      require_human_approval: z.boolean().default(true),
      required_reviewers: z.int().nonnegative().max(20).optional().describe("At least the policy's number."),
      ci_gates: z.array(field.line(200)).max(50).default([]).describe('CI checks that must pass on the pull request.'),
    })
    .prefault({}),
  runbook: runbookUse.optional().describe('Runbook that this spec was made from; `drydock runbook use` writes it.'),
});

export type TaskSpec = z.infer<typeof specSchema>;

/** Draft 7 is the newest draft that every YAML editor supports. */
export type JsonSchemaDraft = 'draft-2020-12' | 'draft-7';

/** JSON Schema of a spec as people write it, for editors. */
export function specJsonSchema(target: JsonSchemaDraft = 'draft-2020-12'): object {
  return { title: 'Drydock task spec', ...z.toJSONSchema(specSchema, { io: 'input', target }) };
}
