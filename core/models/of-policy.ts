import { agents } from '../agents/agents.ts';
import { assumedPrice, priceLine, priceOf } from '../money/price.ts';
import type { Policy } from '../policy/schema.ts';
import type { ModelEndpoint, ProviderKind } from './endpoint.ts';
import { builtInKinds } from './endpoint.ts';
import type { ModelProvider } from './provider-schema.ts';

/** The provider of the price list for models of a kind, where the policy names no other. */
const listOf: Partial<Record<ProviderKind, string>> = { bedrock: 'aws', vertex: 'google' };

/** The endpoint of a provider, by the policy or built in; undefined if the policy does not know the name. */
export function endpointOf(policy: Policy, name: string): ModelEndpoint | undefined {
  const given = Object.hasOwn(policy.providers, name) ? policy.providers[name] : undefined;
  if (given === undefined && !builtInKinds.includes(name)) return undefined;
  const own = Object.fromEntries(
    Object.entries(policy.prices).flatMap(([key, price]) =>
      key.startsWith(`${name}/`) ? [[key.slice(name.length + 1), price]] : [],
    ),
  );
  const prices = { list: given === undefined ? name : listFor(name, given), own };
  if (given === undefined) return { kind: name as ProviderKind, prices };
  const { kind, base_url: baseUrl } = given;
  return {
    kind,
    ...(baseUrl === undefined ? {} : { baseUrl: baseUrl.replace(/\/$/, '') }),
    ...(given.kind === 'bedrock' ? { region: given.region } : {}),
    ...(given.kind === 'vertex' ? { region: given.location, project: given.project } : {}),
    ...credentialOf(policy, given),
    prices: { ...(prices.list === undefined ? {} : { list: prices.list }), own },
  };
}

/** A server of one's own has no list; one that takes the place of a built-in provider has its list. */
const listFor = (name: string, { kind, price_list }: ModelProvider): string | undefined =>
  price_list ?? listOf[kind] ?? (builtInKinds.includes(name) ? name : undefined);

function credentialOf(policy: Policy, { credential }: ModelProvider): Pick<ModelEndpoint, 'credential'> {
  if (credential === undefined) return {};
  if (credential === 'none') return { credential };
  const source = Object.hasOwn(policy.credentials, credential) ? policy.credentials[credential] : undefined;
  return source === undefined ? {} : { credential: source };
}

type Fault = (rule: string, message: string, path: (string | number)[], severity?: 'warning') => void;

/** The faults of `providers`, `prices` and the models of profiles. */
export function providerFaults(policy: Policy, fault: Fault): void {
  for (const [name, { credential, price_list: list }] of Object.entries(policy.providers)) {
    const path = ['providers', name];
    if (credential !== undefined && credential !== 'none' && !Object.hasOwn(policy.credentials, credential))
      fault('credential', `The policy has no credential "${credential}".`, [...path, 'credential']);
    // Any model will do: a list that exists has a dearest one.
    if (list !== undefined && priceOf({ list }, '') === undefined)
      fault('price-list', `The price list has no provider "${list}".`, [...path, 'price_list']);
  }
  for (const key of Object.keys(policy.prices)) {
    const name = key.slice(0, key.indexOf('/'));
    if (endpointOf(policy, name) === undefined)
      fault('unknown-provider', `The policy has no provider "${name}".`, ['prices', key]);
  }
  for (const [profile, { agent, provider, model, fallbacks = [] }] of Object.entries(policy.agents.profiles)) {
    if (provider === undefined || model === undefined) continue;
    const path = ['agents', 'profiles', profile];
    const endpoint = endpointOf(policy, provider);
    if (endpoint === undefined) {
      fault('unknown-provider', `The policy has no provider "${provider}". List it under providers.`, [
        ...path,
        'provider',
      ]);
      continue;
    }
    const known = agent === undefined ? undefined : agents[agent];
    if (known !== undefined && !known.kinds.includes(endpoint.kind)) {
      const message = `${known.title} does not speak the interface of ${provider} (${endpoint.kind}), but those of ${known.kinds.join(', ')}.`;
      fault('agent-interface', message, [...path, 'provider']);
    }
    for (const each of [model, ...fallbacks]) {
      const found = priceOf(endpoint.prices, each);
      if (found === undefined)
        fault('price', `The price of ${provider}/${each} is unknown. Write ${priceLine(provider, each)}.`, [
          ...path,
          'model',
        ]);
      else if (found.from === 'assumed') {
        const message = assumedPrice(provider, each, found);
        fault('assumed-price', message, [...path, 'model'], 'warning');
      }
    }
  }
}
