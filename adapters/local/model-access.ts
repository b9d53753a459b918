import { defined } from '../../core/defined.ts';
import { credentialHeaderOf } from '../../core/egress/credential-header.ts';
import { DrydockError } from '../../core/errors.ts';
import type { ModelEndpoint } from '../../core/models/endpoint.ts';
import { credentialVariables } from '../../core/policy/key-variables.ts';
import type { AwsKeys, ModelAccess } from '../../core/ports/runtime/model-access.ts';
import { secretIn } from './secret-variable.ts';

type Access = Omit<ModelAccess, 'mode' | 'session'>;

/**
 * The credential of a model provider from the environment; if there is none, a recorded session if one is given.
 * @throws SecretMissing.
 */
export async function modelAccessOf(
  provider: string,
  replaySession: string | undefined,
  env = process.env,
  endpoint?: ModelEndpoint,
): Promise<ModelAccess> {
  const access = await credentialIn(provider, endpoint, replaySession !== undefined, env);
  if (access !== undefined) return { mode: 'live', ...access };
  if (replaySession !== undefined) return { mode: 'replay', session: replaySession };
  const [name] = credentialVariables(provider, endpoint);
  throw new DrydockError('SecretMissing', `There is no key for the model provider ${provider} in ${name}.`, {
    remedy: `Set ${name} (or ${name}_FILE) in the environment of drydock; the key never enters the sandbox.`,
  });
}

async function credentialIn(
  provider: string,
  endpoint: ModelEndpoint | undefined,
  recorded: boolean,
  env: NodeJS.ProcessEnv,
): Promise<Access | undefined> {
  const source = endpoint?.credential;
  // A recording answers in the place of a server that asks for no credential.
  if (source === 'none') return recorded ? undefined : {};
  for (const name of credentialVariables(provider, endpoint)) {
    const value = await secretIn(name, env);
    if (value === undefined) continue;
    if (source !== undefined) return { header: credentialHeaderOf(source, value) };
    return endpoint?.kind === 'vertex' ? { serviceAccount: value } : { key: value };
  }
  return endpoint?.kind === 'bedrock' && source === undefined && !recorded ? { aws: await awsKeys() } : undefined;
}

/** Keys of AWS, found where its own tools find them. */
async function awsKeys(): Promise<AwsKeys> {
  // Loaded here, because most commands need no credentials of AWS.
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await defaultProvider()();
    return { accessKeyId, secretAccessKey, ...defined({ sessionToken }) };
  } catch {
    throw new DrydockError('SecretMissing', 'No AWS credentials were found for Amazon Bedrock.', {
      remedy:
        'Sign in with `aws sso login`, set AWS_PROFILE, or store an API key of Bedrock in AWS_BEARER_TOKEN_BEDROCK.',
    });
  }
}
