import { DrydockError } from '../../core/errors.ts';
import { keyVariables } from '../../core/policy/key-variables.ts';
import type { ModelAccess } from '../../core/ports/runtime/model-access.ts';
import { secretIn } from './secret-variable.ts';

/** A recorded session if one is given and no key is set, otherwise the key from the environment. */
export async function modelAccessOf(
  provider: string,
  replaySession: string | undefined,
  env = process.env,
): Promise<ModelAccess> {
  const names = keyVariables(provider);
  for (const name of names) {
    const key = await secretIn(name, env);
    if (key !== undefined) return { mode: 'live', key };
  }
  if (replaySession !== undefined) return { mode: 'replay', session: replaySession };
  throw new DrydockError('SecretMissing', `There is no key for the model provider ${provider}.`, {
    remedy: `Set ${names[0]} (or ${names[0]}_FILE) in the environment of drydock; the key never enters the sandbox.`,
  });
}
