import { readFile } from 'node:fs/promises';
import { DrydockError } from '../../core/errors.ts';

/**
 * The secret in a variable, or in the file that the variable with `_FILE` names; `undefined` if neither is set.
 * @throws SecretMissing if the file has none.
 */
export async function secretIn(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const value = env[name];
  if (value) return value;
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  const text = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (text !== '') return text;
  throw new DrydockError('SecretMissing', `The file in ${name}_FILE contains no key or cannot be read.`, {
    remedy: `Store the key in that file, readable by the user that runs drydock.`,
  });
}

/** A credential of the policy. @throws SecretMissing. */
export async function credentialOf(variable: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const value = await secretIn(variable, env);
  if (value !== undefined) return value;
  throw new DrydockError('SecretMissing', `There is no credential in ${variable}, which the policy names.`, {
    remedy: `Set ${variable} (or ${variable}_FILE) in the environment of drydock; the credential never enters the sandbox.`,
  });
}
