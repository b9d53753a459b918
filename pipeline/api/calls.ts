import { z } from 'zod';
import { DrydockError } from '../../core/errors.ts';
import { maxSearch } from '../../core/listing/entry.ts';
import { parsedPolicySchema } from '../../core/policy/schema.ts';
import { finalStatuses, unfinishedStatuses } from '../../core/run/status.ts';
import { lessonQuery } from '../memory/lesson-stats.ts';
import type { Service } from '../service/service.ts';
import { apiVersion } from './answer.ts';

const reference = z.string().max(500);
const who = z.string().max(500);
/** Text that a person writes; larger than any plan or answer. */
const text = z.string().max(1_000_000);
const base64 = z.string().max(8 * 1024 * 1024);
const spec = { file: z.string().min(1).max(4_000), bytesBase64: base64, policy: parsedPolicySchema, requester: who };
/** The scope of a reader is not an argument: who serves the call sets it. */
const runQuery = z.object({
  repository: reference.optional(),
  team: reference.optional(),
  by: who.optional(),
  statuses: z
    .array(z.enum([...unfinishedStatuses, ...finalStatuses]))
    .max(20)
    .optional(),
  text: z.string().max(maxSearch).optional(),
  before: reference.optional(),
  limit: z.int().min(1).max(100),
});
const moment = z.iso.datetime({ offset: true });
const auditQuery = z.object({
  who: who.optional(),
  what: z.string().max(100).optional(),
  path: z.string().max(1_000).optional(),
  since: moment.optional(),
  until: moment.optional(),
  text: z.string().max(maxSearch).optional(),
  before: reference.optional(),
});
/** Decodes the bytes of a spec, which a call carries as base64; `encodeCall` encodes them. */
const withBytes = <T extends { bytesBase64: string }>({ bytesBase64, ...rest }: T) => ({
  ...rest,
  bytes: Buffer.from(bytesBase64, 'base64'),
});

/**
 * The encoded arguments of each method of the service. Other keys of an object are dropped: the origin of a run, for
 * example, may only come from a push.
 */
const shapes = {
  submit: z.tuple([
    z
      .object({
        ...spec,
        attempt: z.int().min(1).max(1_000_000).optional(),
        agent: z.string().max(200).optional(),
        dryRun: z.boolean(),
      })
      .transform(withBytes),
  ]),
  split: z.tuple([z.object({ ...spec, agent: z.string().max(200).optional() }).transform(withBytes)]),
  draft: z.tuple([
    z.object({
      text,
      repository: reference,
      targetBranch: reference.optional(),
      policy: parsedPolicySchema,
      requester: who,
      assume: z.boolean().optional(),
      agent: z.string().max(200).optional(),
    }),
  ]),
  propose: z.tuple([z.object({ ...spec, body: z.string().max(60_000) }).transform(withBytes)]),
  memory: z.tuple([reference, parsedPolicySchema]),
  runbookUses: z.tuple([reference, z.string().max(200)]),
  lessonStats: z.tuple([reference, z.array(lessonQuery).max(1_000)]),
  retry: z.tuple([reference, parsedPolicySchema, who]),
  estimate: z.tuple([z.object(spec).transform(withBytes)]),
  run: z.tuple([reference]),
  ended: z.tuple([reference]),
  list: z.tuple([z.int().min(1).max(10_000).optional()]),
  page: z.tuple([runQuery]),
  inbox: z.tuple([]),
  detail: z.tuple([reference]),
  change: z.tuple([reference]),
  unfinished: z.tuple([reference.optional()]),
  gate: z.tuple([reference]),
  gatesOf: z.tuple([reference]),
  vote: z.tuple([
    z.object({
      gate: reference,
      who,
      choice: z.enum(['approve', 'revise', 'reject', 'answer']),
      text,
      head: z.string().max(200).optional(),
      edit: text.optional(),
      constraint: text.optional(),
    }),
  ]),
  needsPerson: z.tuple([reference]),
  cancel: z.tuple([reference, who, text]),
  tell: z.tuple([reference, who, text, z.boolean(), z.string().max(200)]),
  egress: z.tuple([reference]),
  traffic: z.tuple([reference]),
  audit: z.tuple([reference]),
  auditLines: z.tuple([reference.nullable(), auditQuery]),
  verifyAudit: z.tuple([reference.nullable()]),
  evidence: z.tuple([reference]),
  activity: z.tuple([reference]),
  host: z.tuple([reference]),
  diff: z.tuple([reference]),
  pause: z.tuple([z.boolean(), who, parsedPolicySchema, z.string().max(500).optional()]),
  paused: z.tuple([]),
  pausedBy: z.tuple([]),
  budget: z.tuple([z.string().max(200), parsedPolicySchema]),
  why: z.tuple([z.string().max(4_000), z.string().max(4_000), z.int().min(1)]),
  idle: z.tuple([]),
} satisfies Record<keyof Service, z.ZodType>;

const envelope = z.strictObject({
  wire: z.int(),
  method: z.string().max(100),
  args: z.array(z.unknown()).max(10),
});

export type MethodName = keyof Service;
export const methodNames = Object.keys(shapes) as MethodName[];

export interface Call {
  method: string;
  args: unknown[];
}

/** @throws UsageError for an invalid call, or a call of another version. */
export function decodeCall(body: string): Call {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    throw new DrydockError('UsageError', 'The request is not valid JSON.');
  }
  const version = (given as { wire?: unknown } | null)?.wire;
  if (version !== apiVersion) {
    throw new DrydockError('UsageError', `The request does not have API version ${apiVersion}.`, {
      remedy: 'Use the same version of drydock on both sides.',
    });
  }
  const parsed = envelope.safeParse(given);
  if (!parsed.success)
    throw new DrydockError('UsageError', `The request is invalid in these fields: ${where(parsed.error)}.`);
  const { method, args } = parsed.data;
  return { method, args };
}

/**
 * Checks a call and forwards it to the service.
 * @param served Methods that may be called.
 * @param impose Replaces arguments that the caller may not choose.
 * @throws UsageError for a method that is not served or invalid arguments, and the errors of the method.
 */
export async function callService(
  service: Service,
  served: readonly MethodName[],
  { method, args }: Call,
  impose: (method: MethodName, args: unknown[]) => unknown[] = (_method, given) => given,
): Promise<unknown> {
  const name = served.find((each) => each === method);
  if (name === undefined) {
    throw new DrydockError('UsageError', `The method ${JSON.stringify(method.slice(0, 100))} is not available here.`, {
      remedy: 'Use the same version of drydock on both sides; some commands work only on one machine.',
    });
  }
  const checked = shapes[name].safeParse(impose(name, args));
  if (!checked.success)
    throw new DrydockError('UsageError', `The arguments of ${name} are invalid: ${where(checked.error)}.`);
  // Optional keys that are absent stay absent: the service distinguishes them from `undefined`.
  const work = service[name] as (...given: unknown[]) => Promise<unknown>;
  return work.call(service, ...checked.data.map(withoutAbsent));
}

function withoutAbsent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

/** Paths of the invalid fields; the values are not shown. */
const where = (error: z.ZodError): string =>
  [...new Set(error.issues.map(({ path }) => path.join('.') || 'the document'))].slice(0, 5).join(', ');
