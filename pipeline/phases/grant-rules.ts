import { credentialHeaderOf } from '../../core/egress/credential-header.ts';
import type { CredentialHeader, EgressRules, GrantedRules } from '../../core/egress/rule.ts';
import { DrydockError } from '../../core/errors.ts';

/**
 * Puts the credentials into rules, registries and MCP servers that name them. Only those are read.
 * @param read Value of a variable. @throws SecretMissing.
 */
export async function grantRules(
  { rules, private: own, mcp, credentials }: EgressRules,
  read: (variable: string) => Promise<string>,
): Promise<GrantedRules> {
  const headers = new Map<string, Promise<CredentialHeader>>();
  const headerOf = (name: string): Promise<CredentialHeader> => {
    const known = headers.get(name) ?? make(name);
    headers.set(name, known);
    return known;
  };
  const make = async (name: string): Promise<CredentialHeader> => {
    const source = Object.hasOwn(credentials, name) ? credentials[name] : undefined;
    if (source === undefined) throw new DrydockError('PolicyInvalid', `The policy has no credential "${name}".`);
    return credentialHeaderOf(source, await read(source.env));
  };
  const granted = async <T extends { credential?: string | undefined }>({ credential, ...rest }: T) => ({
    ...rest,
    ...(credential === undefined ? {} : { credential: await headerOf(credential) }),
  });
  return {
    rules: await Promise.all(rules.map(granted)),
    private: await Promise.all(own.map(granted)),
    ...(mcp === undefined ? {} : { mcp: await Promise.all(mcp.map(granted)) }),
  };
}
