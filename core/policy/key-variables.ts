import type { ModelEndpoint } from '../models/endpoint.ts';

/** The variables that each provider's own tools read, in their order. A variable with `_FILE` names a file instead. */
const known: Record<string, readonly string[]> = {
  google: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
};

/** Names of the variables that may hold the key of a model provider; the first one is the one to suggest. */
const keyVariables = (provider: string): readonly [string, ...string[]] => {
  const [first, ...others] = known[provider] ?? [];
  return [first ?? `${provider.toUpperCase().replaceAll('-', '_')}_API_KEY`, ...others];
};

/** The same for an endpoint of the policy. For Bedrock there may be credentials of AWS in their place. */
export function credentialVariables(provider: string, endpoint?: ModelEndpoint): readonly [string, ...string[]] {
  const source = endpoint?.credential;
  if (source !== undefined && source !== 'none') return [source.env];
  if (endpoint?.kind === 'bedrock') return ['AWS_BEARER_TOKEN_BEDROCK'];
  if (endpoint?.kind === 'vertex') return ['GOOGLE_SERVICE_ACCOUNT_KEY'];
  return keyVariables(provider);
}
