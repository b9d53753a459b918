import { randomUUID } from 'node:crypto';
import type { Aws } from '../../../adapters/aws/account/client.ts';
import { isFilled } from '../../../adapters/aws/account/kept.ts';
import { parameterOf } from '../../../adapters/aws/account/parameters.ts';
import { storedKeys } from '../../../core/deployment/deployable.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { Person, Step } from './steps.ts';

/** Reads a secret without showing it; undefined when the person leaves. Absent without a terminal. */
export type AskSecret = ((question: string) => Promise<string | undefined>) | undefined;

/** Longest value of a key. Secrets Manager takes 65,536 bytes for all of them. */
const maxKey = 8_000;

/** Stores the keys that the policy needs, all in one write: a value is there with all of them, or there is none. */
export function modelKeysStep(aws: Aws, parameters: string, policy: Policy, ask: AskSecret): Step {
  const keys = storedKeys(policy);
  const names = keys.map(({ name }) => name).join(', ');
  const arnOf = () => parameterOf(aws, `${parameters}/models`);
  return {
    name: 'model keys',
    why: 'gateways use them; no sandbox, function log or file has them',
    would:
      keys.length === 0
        ? 'nothing: the policy needs no key'
        : `ask for ${names}, without showing it, and store it in the secret ModelKeys`,
    async look() {
      if (keys.length === 0) return { done: true, detail: 'the policy needs none' };
      const arn = await arnOf();
      if (arn === undefined || !(await isFilled(aws, arn))) return { done: false, detail: `${names}: not stored` };
      return { done: true, detail: `ModelKeys has a value; \`drydock doctor --aws\` checks it for ${names}` };
    },
    async act() {
      const arn = await arnOf();
      if (arn === undefined) throw new DrydockError('StackUnavailable', `There is no parameter ${parameters}/models.`);
      if (ask === undefined || keys.some(({ file }) => file)) return byHand(arn, names);
      const values: Record<string, string> = {};
      for (const { name, purpose } of keys) {
        const value = (await ask(`${name} (${purpose}; it is not shown): `))?.trim();
        if (value === undefined || value === '' || value.length > maxKey) return byHand(arn, names);
        values[name] = value;
      }
      await aws.json('secretsmanager', 'PutSecretValue', {
        SecretId: arn,
        ClientRequestToken: randomUUID(),
        SecretString: JSON.stringify(values),
      });
      return `stored ${names} in the secret ModelKeys`;
    },
  };
}

const byHand = (arn: string, names: string): Person => ({
  todo: `Store ${names} as one JSON object, at a terminal with this command again, or with: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://keys.json`,
});
