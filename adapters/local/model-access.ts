import { readFile } from 'node:fs/promises';
import { DrydockError } from '../../core/errors.ts';
import { keyVariables } from '../../core/policy/key-variables.ts';
import type { ModelAccess } from '../../core/ports/runtime/model-access.ts';

/** A recorded session if one is given and no key is set, otherwise the key from the environment. */
export async function modelAccessOf(
  provider: string,
  replaySession: string | undefined,
  env = process.env,
): Promise<ModelAccess> {
  const names = keyVariables(provider);
  for (const name of names) {
    const value = env[name];
    if (value) return { mode: 'live', key: value };
    const file = env[`${name}_FILE`];
    if (!file) continue;
    const key = (await readFile(file, 'utf8').catch(() => '')).trim();
    if (key !== '') return { mode: 'live', key };
    throw new DrydockError('SecretMissing', `The file in ${name}_FILE contains no key or cannot be read.`, {
      remedy: `Store the key in that file, readable by the user that runs drydock.`,
    });
  }
  if (replaySession !== undefined) return { mode: 'replay', session: replaySession };
  throw new DrydockError('SecretMissing', `There is no key for the model provider ${provider}.`, {
    remedy: `Set ${names[0]} (or ${names[0]}_FILE) in the environment of drydock; the key never enters the sandbox.`,
  });
}
