/** STS's part of the stand-in: sessions of roles, each with a key of its own, so that its calls can be told apart. */
import type { JsonOperation } from './call.ts';

export interface Session {
  roleArn: string;
  name: string;
  /** The session policy: what is granted is in this and in the role's. */
  policy: unknown;
  seconds: number;
}

export function roles(now: () => number = Date.now) {
  /** By the id of the access key, which is the `principal` of a call. */
  const sessions = new Map<string, Session>();
  const operations: Record<string, JsonOperation> = {
    'sts:AssumeRole'({ RoleArn, RoleSessionName, Policy, DurationSeconds = '3600' }) {
      const id = `ASIASESSION${sessions.size}`;
      const seconds = Number(DurationSeconds);
      const policy = Policy === undefined ? undefined : (JSON.parse(String(Policy)) as unknown);
      sessions.set(id, { roleArn: String(RoleArn), name: String(RoleSessionName), policy, seconds });
      const until = new Date(now() + seconds * 1_000).toISOString();
      return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>secret-of-${id}</SecretAccessKey><SessionToken>token-of-${id}</SessionToken><Expiration>${until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
    },
  };
  return { operations, sessions };
}
