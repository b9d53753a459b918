import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { awsError } from '../errors.ts';
import { newestMs } from '../secrets/secrets.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
const rotationEvent = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string(),
  ClientRequestToken: z.string().min(32).max(64),
});

/** A new value is used only after every reader that polls for it (see `Secrets`) has found it. */
const propagationMs = newestMs + 1_000;

/** The value of a secret, and when it was set. */
interface Current {
  text: string;
  /** Epoch milliseconds. */
  since: number;
}

/** The rotation of one kind of secret. Secrets Manager retries a failed step from its beginning. */
export interface Rotated {
  /** The next value. It is created once; later steps and retries read the stored value. */
  next(current: Current | undefined): string;
  /** Sets the value in the external service. Idempotent. */
  set?(next: string): Promise<void>;
  /** @throws DrydockError if the value is not usable. Creating a schedule calls it with the current value. */
  test(next: string): Promise<void> | void;
  /** @throws DrydockError if `next` was derived from another value than `current`. */
  replaces?(current: string, next: string): void;
}

/**
 * The four steps of a rotation. Each step may be repeated, and may find the steps before it incomplete.
 * @param kinds By the secret's ARN; other secrets are refused. @throws ServiceRefused for an invalid rotation request.
 */
export function createRotation(
  client: SecretsManagerClient,
  kinds: ReadonlyMap<string, Rotated>,
  clock: { now(): number; sleep(ms: number): Promise<unknown> },
): (event: unknown) => Promise<void> {
  const read = async (arn: string, version: { VersionId?: string; VersionStage: string }) => {
    try {
      const { SecretString, CreatedDate } = await client.send(new GetSecretValueCommand({ SecretId: arn, ...version }));
      return SecretString ? { text: SecretString, since: CreatedDate?.getTime() ?? 0 } : undefined;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
  const current = (arn: string) => read(arn, { VersionStage: 'AWSCURRENT' });
  const pending = async (arn: string, token: string): Promise<Current> => {
    const found = await read(arn, { VersionId: token, VersionStage: 'AWSPENDING' });
    if (found) return found;
    throw refused('there is no pending value: createSecret must run first');
  };

  const steps: Record<z.infer<typeof rotationEvent>['Step'], (arn: string, token: string, kind: Rotated) => unknown> = {
    async createSecret(arn, token, kind) {
      if (await read(arn, { VersionId: token, VersionStage: 'AWSPENDING' })) return;
      const SecretString = kind.next(await current(arn));
      const staged = { ClientRequestToken: token, VersionStages: ['AWSPENDING'] };
      await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString, ...staged }));
    },
    async setSecret(arn, token, kind) {
      const { text, since } = await pending(arn, token);
      const early = since + propagationMs - clock.now();
      if (early > 0) await clock.sleep(early);
      await kind.set?.(text);
    },
    testSecret: async (arn, token, kind) => kind.test((await pending(arn, token)).text),
    async finishSecret(arn, token, kind) {
      const [there, next, versions] = await Promise.all([current(arn), pending(arn, token), stagesOf(client, arn)]);
      if (there) kind.replaces?.(there.text, next.text);
      const from = [...versions].find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: arn,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: token,
          // Fails if another version became current in the meantime.
          ...defined({ RemoveFromVersionId: from }),
        }),
      );
    },
  };

  return async (given) => {
    const event = rotationEvent.safeParse(given).data;
    const kind = event && kinds.get(event.SecretId);
    if (!event || !kind) throw refused('the request names no secret that is rotated here');
    const { Step, SecretId, ClientRequestToken: token } = event;
    try {
      const stages = (await stagesOf(client, SecretId)).get(token);
      // The rotation is complete already; its response may have been lost.
      if (stages?.includes('AWSCURRENT')) return;
      if (!stages) throw refused('the secret has no such version');
      await steps[Step](SecretId, token, kind);
    } catch (error) {
      throw awsError(error) ?? error;
    }
  };
}

async function stagesOf(client: SecretsManagerClient, arn: string): Promise<Map<string, string[]>> {
  const { RotationEnabled, VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: arn }));
  if (!RotationEnabled) throw refused('the secret has no rotation');
  return new Map(Object.entries(VersionIdsToStages));
}

const refused = (reason: string): DrydockError =>
  new DrydockError('ServiceRefused', `The secret was not rotated: ${reason}.`, {
    remedy: 'Start a rotation with `aws secretsmanager rotate-secret`; see docs/rotation.md.',
  });
