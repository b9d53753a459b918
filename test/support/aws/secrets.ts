/** Secrets Manager's part of the stand-in: each secret with its versions. */
import { AwsRefusal, type JsonOperation } from './stand-in.ts';

/** @param values Text by ARN; `put` makes the one before the previous version, as AWS does. */
export function secretsManager(values: Record<string, string> = {}) {
  const versions = new Map(Object.entries(values).map(([arn, text]) => [arn, [text]]));
  const operations: Record<string, JsonOperation> = {
    'secretsmanager:GetSecretValue'({ SecretId, VersionStage = 'AWSCURRENT' }) {
      const found = versions.get(String(SecretId))?.[VersionStage === 'AWSPREVIOUS' ? 1 : 0];
      if (found === undefined)
        throw new AwsRefusal('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      return { ARN: SecretId, SecretString: found, VersionStages: [VersionStage] };
    },
  };
  return {
    operations,
    put(arn: string, text: string): void {
      versions.set(arn, [text, ...(versions.get(arn) ?? [])].slice(0, 2));
    },
  };
}
