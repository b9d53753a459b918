import { hash } from 'node:crypto';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import { z } from 'zod';
import { defined } from '../../../core/defined.ts';
import { credentialHeader } from '../../../core/egress/rule.ts';
import { DrydockError, viewError } from '../../../core/errors.ts';
import type { ModelEndpoint } from '../../../core/models/endpoint.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { Clock } from '../../../core/ports/runtime/clock.ts';
import type { ModelAccess } from '../../../core/ports/runtime/model-access.ts';
import type { Phases } from '../../../core/ports/store/phases.ts';
import { isGranted, sandboxTicket } from '../../../core/run/phase-grant.ts';
import { storedOrder } from '../../../core/run/phase-order.ts';
import type { GrantHolders } from '../dynamo/grant-holders.ts';
import { awsError } from '../errors.ts';
import { agentFilesKey, cachePrefix, type PhaseStore, phasePrefix } from './store.ts';

/**
 * A gateway's request to its broker. The grant stands in the overrides of the gateway's task, where others can read it, so it is
 * good for the first caller alone: `proof` is a secret of that caller, the same in each of its requests.
 */
const brokerRequest = z.strictObject({
  phaseKey: z.string(),
  grant: z.string(),
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});

const codeHostAccess = z.strictObject({ apiUrl: z.string(), gitUrl: z.string(), token: z.string() });

/** The response: the order of the phase, and the secrets that it needs. It is never stored. A later broker may say more. */
export const brokerAnswer = z.object({
  order: storedOrder,
  /** The ticket that the sandbox will present. */
  ticket: z.string(),
  /** Access to the objects of this phase and to the archive cache only. `expiration`: ISO 8601. */
  credentials: z.strictObject({
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    expiration: z.string(),
  }),
  /** Read access to the one repository of the order. */
  codeHost: codeHostAccess.optional(),
  /** Read access to the repositories of submodules, by name. */
  submodules: z.record(z.string(), codeHostAccess).optional(),
  /** The credential of the model provider; absent where the gateway's own role is one. */
  model: z.strictObject({ key: z.string(), header: credentialHeader, serviceAccount: z.string() }).partial().optional(),
  /** Credentials that rules and registries of the order name, by variable. */
  egressCredentials: z.record(z.string(), z.string()).optional(),
  /** The error if the phase cannot run, because a secret is missing. */
  missing: z.strictObject({ name: z.string(), message: z.string() }).optional(),
});
export type BrokerAnswer = z.infer<typeof brokerAnswer>;

export interface BrokerOptions {
  store: Pick<PhaseStore, 'order'>;
  phases: Pick<Phases, 'get'>;
  holders: GrantHolders;
  sts: STSClient;
  /** ARN of the role with access to the objects of all phases; a session is limited to one phase. */
  storageRole: string;
  bucket: string;
  clock: Clock;
  /** The deployment's current and previous key, which grants are derived from. @param newest See `Secrets.versions`. */
  deploymentKeys(newest: boolean): Promise<string[]>;
  /** A token with read access to the repository of the scope. */
  readToken(scope: CodeHostScope): Promise<NonNullable<BrokerAnswer['codeHost']>>;
  modelAccess(provider: string, endpoint?: ModelEndpoint): Promise<ModelAccess>;
  /** @param name As the policy names the variable. */
  credential(name: string): Promise<string>;
}

/**
 * Answers gateways. A grant belongs to one attempt of one phase and to its first caller, and is valid only while that attempt
 * runs.
 * @throws DeliveryRefused for any other grant.
 */
export function createBroker(options: BrokerOptions): (request: unknown) => Promise<BrokerAnswer> {
  return async (request) => {
    const { phaseKey, grant, proof } = brokerRequest.parse(request);
    const key = await keyOf(options, phaseKey, grant);
    if (key === undefined) throw refused('the grant is not valid for this phase, or has expired');
    const slash = phaseKey.lastIndexOf('/');
    const phase = await options.phases.get(phaseKey.slice(0, slash));
    if (!phase || phase.answer || phase.attempt !== Number(phaseKey.slice(slash + 1)))
      throw refused('that attempt is not running');
    const order = await options.store.order(phaseKey);
    if (!order) throw refused('the phase has no order');
    // After every other check: a caller that is refused does not become the holder.
    if (!(await options.holders.hold(phaseKey, hash('sha256', proof))))
      throw refused('another caller has used the grant before');
    const answer: BrokerAnswer = {
      order,
      ticket: sandboxTicket(key, phaseKey),
      credentials: await credentialsOf(options, phaseKey, order.agentFilesDigest),
    };
    try {
      if (order.base.host === 'github') answer.codeHost = await options.readToken(order.base.scope);
      for (const { host, scope } of order.base.submodules ?? [])
        if (host === 'github')
          answer.submodules = { ...answer.submodules, [scope.repository]: await options.readToken(scope) };
      if (order.model !== undefined) {
        const { key, header, serviceAccount } = await options.modelAccess(order.model.provider, order.model.endpoint);
        answer.model = defined({ key, header, serviceAccount });
      }
      const variables = Object.values(order.egress?.credentials ?? {}).map(({ env }) => env);
      if (variables.length > 0)
        answer.egressCredentials = Object.fromEntries(
          await Promise.all(variables.map(async (name) => [name, await options.credential(name)] as const)),
        );
    } catch (error) {
      // The gateway ends the phase with this error, so that people see the reason.
      const { name, message } = viewError(awsError(error) ?? error);
      answer.missing = { name, message };
    }
    return answer;
  };
}

/**
 * The key that the grant was made with: the launcher may have used an older or a newer key than the one cached here.
 */
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
  agentFiles: string | undefined,
): Promise<BrokerAnswer['credentials']> {
  const arn = (key: string): string => `arn:${storageRole.split(':')[1] ?? 'aws'}:s3:::${bucket}/${key}`;
  const objects = [phasePrefix(phaseKey), cachePrefix].map((prefix) => arn(`${prefix}*`));
  const files = agentFiles === undefined ? [] : [arn(agentFilesKey(agentFiles))];
  const { Credentials: made } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: storageRole,
      RoleSessionName: phaseKey.replaceAll('/', '-').slice(0, 64),
      DurationSeconds: 3_600,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: objects },
          ...(files.length === 0 ? [] : [{ Effect: 'Allow', Action: 's3:GetObject', Resource: files }]),
          // S3 uses the bucket's key on behalf of the caller.
          { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: '*' },
        ],
      }),
    }),
  );
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = made ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken || !made?.Expiration)
    throw new DrydockError('Internal', 'STS returned no credentials.');
  return { accessKeyId, secretAccessKey, sessionToken, expiration: made.Expiration.toISOString() };
}

const refused = (reason: string): DrydockError =>
  new DrydockError('DeliveryRefused', `The broker refused the request: ${reason}.`);
