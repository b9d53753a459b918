import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { awsError } from '../errors.ts';
import { newestMs } from '../secrets/secrets.ts';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html */
const rotationEvent = z.object({
  Step: z.enum(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
  SecretId: z.string(),
  ClientRequestToken: z.string().min(32).max(64),
});

/** A next value is used once everybody who looks for one, as `Secrets` does, has found it. */
const foundMs = newestMs + 1_000;

/** The value a secret has, and when it got it. */
interface Current {
  text: string;
  /** Epoch milliseconds. */
  since: number;
}

/** How one kind of secret is rotated. What throws is tried again by Secrets Manager, each step from its beginning. */
export interface Rotated {
  /** The next value. Made once: the steps after it, and those that are done again, find it stored. */
  next(current: Current | undefined): string;
  /** Tells whoever else has to know of it. Doing it twice changes nothing. */
  set?(next: string): Promise<void>;
  /** @throws DrydockError when the value cannot be used. Also asked with the value there is, when a schedule is made. */
  test(next: string): Promise<void> | void;
  /** @throws DrydockError when the value was made from another than the one it would take the place of. */
  replaces?(current: string, next: string): void;
}

/**
 * The four steps of a rotation, each of which may be done again and may find the ones before it half done.
 * @param kinds By the secret's ARN; no other is touched. @throws ServiceRefused for a request that is no rotation's.
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
    throw refused('there is no next value: createSecret comes first');
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
      const early = since + foundMs - clock.now();
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
          // Refused where another version became the current one meanwhile.
          ...(from === undefined ? {} : { RemoveFromVersionId: from }),
        }),
      );
    },
  };

  return async (given) => {
    const event = rotationEvent.safeParse(given).data;
    const kind = event && kinds.get(event.SecretId);
    if (!event || !kind) throw refused('it is not about a secret that is rotated here');
    const { Step, SecretId, ClientRequestToken: token } = event;
    try {
      const stages = (await stagesOf(client, SecretId)).get(token);
      // Done already, whatever was heard of it.
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
  new DrydockError('ServiceRefused', `Nothing was rotated: ${reason}.`, {
    remedy: 'Rotations are started by `aws secretsmanager rotate-secret`; docs/rotation.md says how.',
  });
