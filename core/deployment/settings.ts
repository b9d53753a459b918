import { z } from 'zod';
import { readYaml } from '../task-spec/document.ts';
import { checkSchema } from '../task-spec/issues.ts';
import { type Problem, readText, toProblems } from '../task-spec/text.ts';
import { toolchainNames } from '../task-spec/toolchains.ts';
import { regionPattern } from './regions.ts';

/** Name of the file in the folder from which a deployment is made. */
export const settingsFile = 'drydock.aws.yaml';

const arn = (service: string, what: string) =>
  z
    .string()
    .max(2_000)
    .refine(
      (text) =>
        /^arn:aws[a-z-]{0,20}:[a-z]{1,20}:[a-z0-9-]{0,30}:\d{12}:\S{1,1900}$/.test(text) &&
        text.split(':')[2] === service,
      `Write the ARN of ${what}.`,
    );

/** Private addresses (RFC 1918) of a size that gives each of four zones 1,019 of them. */
const range = z
  .string()
  .regex(
    /^(?:10\.(?:\d{1,3})|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.\d{1,3}\.\d{1,3}\/(?:1[6-9]|20)$/,
    'Write a private range of /16 to /20, such as 10.201.0.0/20.',
  )
  .refine(isRange, 'Each part of an address is 255 at most.')
  .refine((text) => (bits(text) & ~mask(text)) >>> 0 === 0, 'The address is not the first one of its range.');

const id = (kind: 'vpc' | 'subnet' | 'rtb') =>
  z
    .string()
    .refine(
      (text) => text.startsWith(`${kind}-`) && /^[0-9a-f]{8,17}$/.test(text.slice(kind.length + 1)),
      `Write an id such as ${kind}-0a1b2c3d.`,
    );
const network = z.strictObject({
  id: id('vpc'),
  range: z
    .string()
    .regex(/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/, 'Write the address range of the network.')
    .refine(isRange, 'Each part of an address is 255 at most, and the length of a range 32.'),
  zones: z.array(z.string().min(1)).min(1).max(6).describe('Availability zones of the subnets, in their order.'),
  subnets: z.array(id('subnet')).min(1).max(6),
  route_tables: z.array(id('rtb')).min(1).max(6).describe('The route table of each subnet, in their order.'),
});
const https = z.url({ protocol: /^https$/, error: 'Write an https URL.' });

/** A deployment on AWS, as one file describes it. */
const settingsSchema = z
  .strictObject({
    version: z.literal(1),
    name: z
      .string()
      .regex(/^Drydock[A-Za-z0-9]{0,20}$/, 'Write a name that begins with Drydock, such as DrydockDev.')
      .default('Drydock')
      .describe(
        'Name of the stack; that of what is kept has State after it. Two deployments of an account have two names.',
      ),
    policy: z.string().min(1).max(1_000).describe('Path of the policy, relative to this file.'),
    region: z.string().regex(regionPattern, 'Write a region such as eu-central-1.').optional(),
    account: z
      .string()
      .regex(/^\d{12}$/, 'Write the twelve digits of an account.')
      .optional(),
    zones: z.int().min(1).max(3).optional().describe('How many availability zones: 1 by default.'),
    zone_names: z
      .array(z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d[a-z]$/, 'Write a zone such as eu-central-1a.'))
      .min(1)
      .max(3)
      .optional()
      .describe('Which zones, where Fargate is not in the first ones of the region.'),
    ranges: z
      .strictObject({ sandbox: range.optional(), egress: range.optional() })
      .optional()
      .describe('Address ranges of the two networks; they cannot be changed later.'),
    sandbox_network: network.optional().describe('An existing network of isolated subnets only, for sandboxes alone.'),
    egress: z
      .strictObject({
        network: network.optional().describe('An existing network for the gateways, with a way out of its own.'),
        public: z
          .boolean()
          .default(false)
          .describe('Whether its subnets are public; gateways then have public addresses.'),
        proxy_url: z.string().max(200).optional(),
      })
      .optional(),
    alarms: z
      .strictObject({ email: z.email().optional(), topic: arn('sns', 'an SNS topic').optional() })
      .optional()
      .describe('Where alarms go; without it they are seen in CloudWatch only.'),
    roles: z
      .strictObject({
        approve: z.array(arn('iam', 'a role')).max(20).default([]),
        setup: z.array(arn('iam', 'a role')).max(20).default([]),
      })
      .optional()
      .describe('Roles that may use the command line, and that may store the GitHub App.'),
    boundary: arn('iam', 'a managed policy').optional().describe('Permissions boundary of every role.'),
    encryption_key: arn('kms', 'a key').optional().describe('Key of all that is stored; one is made without it.'),
    images: z
      .partialRecord(
        z.enum(['gateway', ...toolchainNames]),
        z.string().regex(/^sha256:[0-9a-f]{64}$/, 'Write a digest.'),
      )
      .optional(),
    domain: z
      .strictObject({
        name: z
          .string()
          .max(253)
          .regex(
            /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}[a-z]{2,63}$/,
            'Write a name such as drydock.acme.example.',
          ),
        certificate: arn('acm', 'a certificate of the region'),
        hosted_zone: z
          .string()
          .regex(/^Z[A-Z0-9]{5,31}$/, 'Write the id of a hosted zone, such as Z0123456789ABCDEFGHIJ.')
          .optional()
          .describe('Zone of Route 53 that gets the record; without it you make a CNAME to the output DomainTarget.'),
      })
      .optional()
      .describe('Name of the API: addresses of the webhook and of the pages stay when the stack is made anew.'),
    guard_duty: z
      .boolean()
      .optional()
      .describe('Whether Runtime Monitoring of GuardDuty may add its agent to the tasks; false by default.'),
    image_builds: z
      .union([
        z.literal(false),
        z.strictObject({
          images: z
            .array(z.enum(['gateway', ...toolchainNames]))
            .min(1)
            .optional(),
          agents: z
            .array(z.string().regex(/^[a-z][a-z-]{0,30}$/, 'Write the name of an agent.'))
            .max(10)
            .optional(),
          days: z.int().min(1).max(90).optional(),
        }),
      ])
      .optional()
      .describe(
        'Which images are built in the account (default gateway and node), with which agents (those of the policy), every how many days (7); false: none.',
      ),
    pages: z
      .strictObject({
        issuer: https,
        client: z.string().min(1).max(500),
        client_secret: arn('secretsmanager', 'a secret').optional(),
        url: https.optional(),
      })
      .optional(),
  })
  .check(({ value, issues }) => {
    const fault = (message: string, path: string[]) => issues.push({ code: 'custom', message, path, input: value });
    if (value.zones !== undefined && value.zone_names !== undefined)
      fault('Write zones or zone_names, not both.', ['zone_names']);
    for (const field of ['zones', 'zone_names'] as const)
      if (value[field] !== undefined && value.sandbox_network !== undefined)
        fault('sandbox_network has its own zones.', [field]);
    for (const [path, given] of [
      [['sandbox_network'], value.sandbox_network],
      [['egress', 'network'], value.egress?.network],
    ] as const)
      if (given && new Set([given.zones.length, given.subnets.length, given.route_tables.length]).size > 1)
        fault('zones, subnets and route_tables have a row for each subnet.', [...path]);
    const [sandbox, egress] = [
      value.sandbox_network?.range ?? value.ranges?.sandbox ?? defaultRanges.sandbox,
      value.egress?.network?.range ?? value.ranges?.egress ?? defaultRanges.egress,
    ];
    if (overlap(sandbox, egress)) fault(`${sandbox} and ${egress} overlap, and the networks are peered.`, ['ranges']);
    if (value.alarms !== undefined && value.alarms.email === undefined && value.alarms.topic === undefined)
      fault('Write email or topic.', ['alarms']);
  });
export type DeploymentSettings = z.infer<typeof settingsSchema>;

export const defaultRanges = { sandbox: '10.201.0.0/20', egress: '10.201.16.0/20' } as const;

/** Parses and checks a file of settings; all problems at once. `settings` is present if there is none. */
export function parseSettings(bytes: Uint8Array): { settings?: DeploymentSettings; problems: Problem[] } {
  const { text, faults } = readText(bytes);
  if (text === undefined) return { problems: toProblems('', faults) };
  const document = readYaml(text, 0);
  const { data, faults: found } = checkSchema(settingsSchema, document, document.value);
  const problems = toProblems(text, [...faults, ...document.faults, ...found]);
  return data && problems.length === 0 ? { settings: data, problems } : { problems };
}

export const settingsJsonSchema = (): object => ({
  title: 'Drydock deployment on AWS',
  ...z.toJSONSchema(settingsSchema, { io: 'input', target: 'draft-7' }),
});

/** Whether four parts of eight bits, and a length, are what they say. */
function isRange(text: string): boolean {
  const [address = '', length] = text.split('/');
  return address.split('.').every((part) => Number(part) <= 255) && Number(length) <= 32;
}

const bits = (text: string): number =>
  (text.split('/')[0] ?? '').split('.').reduce((sum, part) => sum * 256 + Number(part), 0) >>> 0;
const mask = (text: string): number => {
  const length = Number(text.split('/')[1] ?? 32);
  return length === 0 ? 0 : (~0 << (32 - length)) >>> 0;
};
/** Whether two ranges have an address in common. */
function overlap(one: string, other: string): boolean {
  const wider = (mask(one) & mask(other)) >>> 0;
  return (bits(one) & wider) >>> 0 === (bits(other) & wider) >>> 0;
}
