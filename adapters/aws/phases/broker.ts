import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import { DrydockError, viewError } from '../../../core/errors.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { Clock } from '../../../core/ports/runtime/clock.ts';
import type { ModelAccess } from '../../../core/ports/runtime/model-access.ts';
import type { Phases } from '../../../core/ports/store/phases.ts';
import { isGranted, sandboxTicket } from '../../../core/run/phase-grant.ts';
import { storedOrder } from '../../../core/run/phase-order.ts';
import { awsError } from '../errors.ts';
import { cachePrefix, type PhaseStore, phasePrefix } from './store.ts';

/** What a gateway asks its broker for. */
const brokerRequest = z.strictObject({ phaseKey: z.string(), grant: z.string() });

/** What it gets: its order, and the few secrets that order takes. Nothing of it is ever stored. */
export const brokerAnswer = z.strictObject({
  order: storedOrder,
  /** What the sandbox will show. */
  ticket: z.string(),
  /** For the objects of this phase and the cache of archives, and no others. ISO 8601 in `expiration`. */
  credentials: z.strictObject({
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    expiration: z.string(),
  }),
  /** Reads the one repository of the order. */
  codeHost: z.strictObject({ apiUrl: z.string(), gitUrl: z.string(), token: z.string() }).optional(),
  modelKey: z.string().optional(),
  /** Why the phase cannot run: what was to be given is missing. */
  missing: z.strictObject({ name: z.string(), message: z.string() }).optional(),
});
export type BrokerAnswer = z.infer<typeof brokerAnswer>;

export interface BrokerOptions {
  store: Pick<PhaseStore, 'order'>;
  phases: Pick<Phases, 'get'>;
  sts: STSClient;
  /** ARN of the role that may touch the objects of phases; a session gets those of one. */
  storageRole: string;
  bucket: string;
  clock: Clock;
  /** The key that grants are made with, then the one it replaced. @param newest See `Secrets.versions`. */
  deploymentKeys(newest: boolean): Promise<string[]>;
  /** A token that reads the repository of that scope. */
  readToken(scope: CodeHostScope): Promise<NonNullable<BrokerAnswer['codeHost']>>;
  modelAccess(provider: string): Promise<ModelAccess>;
}

/**
 * Answers the gateways: a grant is for one phase and one try, and good only while that try is the one that runs.
 * @throws DeliveryRefused for any other.
 */
export function createBroker(options: BrokerOptions): (request: unknown) => Promise<BrokerAnswer> {
  return async (request) => {
    const { phaseKey, grant } = brokerRequest.parse(request);
    const key = await keyOf(options, phaseKey, grant);
    if (key === undefined) throw refused('the grant is not for this phase, or is old');
    const at = phaseKey.lastIndexOf('/');
    const phase = await options.phases.get(phaseKey.slice(0, at));
    if (!phase || phase.answer || phase.attempt !== Number(phaseKey.slice(at + 1)))
      throw refused('no such try is running');
    const order = await options.store.order(phaseKey);
    if (!order) throw refused('it was never ordered');
    const answer: BrokerAnswer = {
      order,
      ticket: sandboxTicket(key, phaseKey),
      credentials: await credentialsOf(options, phaseKey),
    };
    try {
      if (order.base.host === 'github') answer.codeHost = await options.readToken(order.base.scope);
      const model = order.model && (await options.modelAccess(order.model.provider));
      if (model?.key !== undefined) answer.modelKey = model.key;
    } catch (error) {
      // The gateway ends the phase with it, so that people read why.
      const { name, message } = viewError(awsError(error) ?? error);
      answer.missing = { name, message };
    }
    return answer;
  };
}

/** The key a grant was made with: whoever launched the phase may have known an older one than we do, or a newer. */
async function keyOf(options: BrokerOptions, phaseKey: string, grant: string): Promise<string | undefined> {
  for (const newest of [false, true]) {
    const keys = await options.deploymentKeys(newest);
    const key = keys.find((each) => isGranted(each, phaseKey, grant, options.clock.now()));
    if (key !== undefined) return key;
  }
  return undefined;
}

async function credentialsOf(
  { sts, storageRole, bucket }: BrokerOptions,
  phaseKey: string,
): Promise<BrokerAnswer['credentials']> {
  const partition = storageRole.split(':')[1] ?? 'aws';
  const objects = [phasePrefix(phaseKey), cachePrefix].map((prefix) => `arn:${partition}:s3:::${bucket}/${prefix}*`);
  const { Credentials: made } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: storageRole,
      RoleSessionName: phaseKey.replaceAll('/', '-').slice(0, 64),
      DurationSeconds: 3_600,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: objects },
          // The bucket's key is used in the caller's name.
          { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: '*' },
        ],
      }),
    }),
  );
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = made ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken || !made?.Expiration)
    throw new DrydockError('Internal', 'STS gave no credentials.');
  return { accessKeyId, secretAccessKey, sessionToken, expiration: made.Expiration.toISOString() };
}

const refused = (reason: string): DrydockError =>
  new DrydockError('DeliveryRefused', `The broker gives nothing: ${reason}.`);
