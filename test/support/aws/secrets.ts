/** Secrets Manager's part of the stand-in: each secret with its versions, their stages, and its rotation. */
import { AwsRefusal, type JsonOperation } from './call.ts';

interface Version {
  /** Undefined for one that a rotation has only announced. */
  text?: string;
  at: number;
  stages: Set<string>;
}
interface Secret {
  versions: Map<string, Version>;
  rotates: boolean;
  changedAt: number;
}

/** @param values Text by ARN. `put` makes the one before the previous version, as AWS does. */
export function secretsManager(values: Record<string, string> = {}, now: () => number = Date.now) {
  const secrets = new Map<string, Secret>();
  let made = 0;
  const known = (arn: unknown): Secret => {
    const found = secrets.get(String(arn));
    if (found) return found;
    throw new AwsRefusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  };
  const withStage = ({ versions }: Secret, stage: string) =>
    [...versions].find(([, { stages }]) => stages.has(stage)) ?? [undefined, undefined];

  /** Gives a version a stage, and what AWS does with it: the one before becomes the previous one, what has none is gone. */
  const stage = (secret: Secret, name: string, id: string): void => {
    const [from, before] = withStage(secret, name);
    if (from === id) return;
    before?.stages.delete(name);
    if (name === 'AWSCURRENT' && before) {
      withStage(secret, 'AWSPREVIOUS')[1]?.stages.delete('AWSPREVIOUS');
      before.stages.add('AWSPREVIOUS');
    }
    secret.versions.get(id)?.stages.add(name);
    for (const [each, { stages }] of secret.versions) if (stages.size === 0) secret.versions.delete(each);
    secret.changedAt = now();
  };
  const write = (secret: Secret, id: string, text: string, stages: string[]): void => {
    const there = secret.versions.get(id);
    if (there?.text !== undefined && there.text !== text)
      throw new AwsRefusal('ResourceExistsException', 'A version with that token has another value.');
    if (there) there.text = text;
    else secret.versions.set(id, { text, at: now(), stages: new Set() });
    for (const name of stages) stage(secret, name, id);
  };
  const put = (arn: string, text: string): void => {
    const secret = secrets.get(arn) ?? { versions: new Map(), rotates: false, changedAt: now() };
    secrets.set(arn, secret);
    write(secret, `version-${++made}`, text, ['AWSCURRENT']);
  };
  for (const [arn, text] of Object.entries(values)) put(arn, text);

  const operations: Record<string, JsonOperation> = {
    'secretsmanager:GetSecretValue'({ SecretId, VersionId, VersionStage }) {
      const secret = known(SecretId);
      const stageName =
        VersionStage === undefined ? (VersionId === undefined ? 'AWSCURRENT' : undefined) : VersionStage;
      const [id, version] =
        typeof VersionId === 'string'
          ? [VersionId, secret.versions.get(VersionId)]
          : withStage(secret, String(stageName));
      if (version?.text === undefined || (stageName !== undefined && !version.stages.has(String(stageName))))
        throw new AwsRefusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret value.");
      const { text, at, stages } = version;
      return { ARN: SecretId, VersionId: id, SecretString: text, CreatedDate: at / 1_000, VersionStages: [...stages] };
    },
    'secretsmanager:DescribeSecret'({ SecretId }) {
      const { versions, rotates, changedAt } = known(SecretId);
      const stages = [...versions].map(([id, version]) => [id, [...version.stages]]);
      const VersionIdsToStages = Object.fromEntries(stages);
      return { ARN: SecretId, RotationEnabled: rotates, LastChangedDate: changedAt / 1_000, VersionIdsToStages };
    },
    'secretsmanager:PutSecretValue'({ SecretId, ClientRequestToken, SecretString, VersionStages }) {
      const stages = (VersionStages as string[] | undefined) ?? ['AWSCURRENT'];
      write(known(SecretId), String(ClientRequestToken), String(SecretString), stages);
      return { ARN: SecretId, VersionId: ClientRequestToken, VersionStages: stages };
    },
    'secretsmanager:UpdateSecretVersionStage'({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }) {
      const secret = known(SecretId);
      const [from] = withStage(secret, String(VersionStage));
      if (from !== undefined && from !== RemoveFromVersionId)
        throw new AwsRefusal('InvalidParameterException', `The staging label is on version ${from}.`);
      if (!secret.versions.has(String(MoveToVersionId)))
        throw new AwsRefusal('ResourceNotFoundException', 'There is no such version.');
      stage(secret, String(VersionStage), String(MoveToVersionId));
      return { ARN: SecretId };
    },
  };
  return {
    operations,
    put,
    /** What AWS does before it calls the function: a version without a value. */
    announce(arn: string, token: string): void {
      const secret = known(arn);
      secret.rotates = true;
      secret.versions.set(token, { at: now(), stages: new Set() });
      stage(secret, 'AWSPENDING', token);
    },
    text: (arn: string, name = 'AWSCURRENT'): string | undefined => withStage(known(arn), name)[1]?.text,
  };
}
