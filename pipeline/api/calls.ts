import { z } from 'zod';
import { DrydockError } from '../../core/errors.ts';
import { policySchema } from '../../core/policy/schema.ts';
import type { Service } from '../service/service.ts';
import { apiVersion } from './answer.ts';

const reference = z.string().max(500);
const who = z.string().max(500);
/** What a person writes; more than the largest plan or answer there is. */
const words = z.string().max(1_000_000);
const base64 = z.string().max(8 * 1024 * 1024);
const spec = { file: z.string().min(1).max(4_000), bytesBase64: base64, policy: policySchema, requester: who };
/** JSON has no bytes, so a call carries those of a spec as base64. The reverse is in `encodeCall`. */
const withBytes = <T extends { bytesBase64: string }>({ bytesBase64, ...rest }: T) => ({
  ...rest,
  bytes: Buffer.from(bytesBase64, 'base64'),
});

/**
 * What each method of the service takes, as it travels. Of an object only these keys arrive: where a run comes from, for
 * one, is told by a push and by nobody else.
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
  retry: z.tuple([reference, policySchema, who]),
  estimate: z.tuple([z.object(spec).transform(withBytes)]),
  run: z.tuple([reference]),
  ended: z.tuple([reference]),
  list: z.tuple([z.int().min(1).max(10_000).optional()]),
  gate: z.tuple([reference]),
  gatesOf: z.tuple([reference]),
  vote: z.tuple([
    z.object({
      gate: reference,
      who,
      choice: z.enum(['approve', 'revise', 'reject', 'answer']),
      text: words,
      head: z.string().max(200).optional(),
      edit: words.optional(),
      constraint: words.optional(),
    }),
  ]),
  needsPerson: z.tuple([reference]),
  cancel: z.tuple([reference, who, words]),
  egress: z.tuple([reference]),
  traffic: z.tuple([reference]),
  audit: z.tuple([reference]),
  evidence: z.tuple([reference]),
  activity: z.tuple([reference]),
  host: z.tuple([reference]),
  diff: z.tuple([reference]),
  pause: z.tuple([z.boolean(), who]),
  paused: z.tuple([]),
  budget: z.tuple([z.string().max(200), policySchema]),
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

/** @throws UsageError for what is no call, or one of another version. */
export function decodeCall(text: string): Call {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new DrydockError('UsageError', 'The request is no JSON.');
  }
  const version = (given as { wire?: unknown } | null)?.wire;
  if (version !== apiVersion) {
    throw new DrydockError('UsageError', `The request is not of wire version ${apiVersion}.`, {
      remedy: 'Use the same version of drydock on both sides.',
    });
  }
  const parsed = envelope.safeParse(given);
  if (!parsed.success) throw new DrydockError('UsageError', `The request is no call: ${where(parsed.error)}.`);
  const { method, args } = parsed.data;
  return { method, args };
}

/**
 * Calls a method that is served, with arguments of its shape.
 * @param impose what the caller does not get to say; it replaces what was sent.
 * @throws UsageError for another method or shape, and what the method throws.
 */
export async function callService(
  service: Service,
  served: readonly MethodName[],
  { method, args }: Call,
  impose: (method: MethodName, args: unknown[]) => unknown[] = (_method, given) => given,
): Promise<unknown> {
  const name = served.find((each) => each === method);
  if (name === undefined) {
    throw new DrydockError('UsageError', `There is no call ${JSON.stringify(method.slice(0, 100))} here.`, {
      remedy: 'Use the same version of drydock on both sides; some commands work on one machine only.',
    });
  }
  const checked = shapes[name].safeParse(impose(name, args));
  if (!checked.success) throw new DrydockError('UsageError', `${name} takes other arguments: ${where(checked.error)}.`);
  // A key that was left out is no key: what is `undefined` would be one more thing to tell apart.
  const work = service[name] as (...given: unknown[]) => Promise<unknown>;
  return work.call(service, ...checked.data.map(withoutAbsent));
}

function withoutAbsent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

/** Where, and nothing of what was sent. */
const where = (error: z.ZodError): string =>
  [...new Set(error.issues.map(({ path }) => path.join('.') || 'the whole'))].slice(0, 5).join(', ');
