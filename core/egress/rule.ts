import { z } from 'zod';
import { mcpEndpoint } from '../mcp/server.ts';
import { registries } from '../task-spec/package-managers.ts';

/** What a rule allows; the policy checks the form of its texts. */
const egressRule = z.strictObject({
  host: z.string(),
  methods: z.array(z.string()),
  /** Patterns of paths, see `matchesPath`. */
  paths: z.array(z.string()),
  /** Largest body of a request, in bytes. */
  bodyBytes: z.int().nonnegative(),
  /** Name of a credential. */
  credential: z.string().optional(),
});

const privateRegistry = z.strictObject({
  kind: z.enum(registries),
  /** Whose packages it serves; without it, all of its kind. */
  scope: z.string().optional(),
  url: z.string(),
  credential: z.string().optional(),
});

/** A header that the gateway puts into requests to one host; its value is a secret. */
export const credentialHeader = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
  value: z.string().min(1).max(10_000),
});
export type CredentialHeader = z.infer<typeof credentialHeader>;

/** Where a credential is found, and how it is sent. It does not hold the secret. */
export const credentialSource = z.strictObject({
  /** Variable of the process that runs Drydock; on AWS a name in the deployment's secret. */
  env: z.string(),
  /** `bearer`, `basic` or `header NAME`. */
  as: z.string(),
});

export type CredentialSource = z.infer<typeof credentialSource>;

/** What a phase may reach beside tunnels and public registries, without secrets. */
export const egressRules = z.strictObject({
  rules: z.array(egressRule),
  private: z.array(privateRegistry),
  /** MCP servers that the gateway asks. */
  mcp: z.array(mcpEndpoint).optional(),
  /** Those that rules, registries and servers name. */
  credentials: z.record(z.string(), credentialSource),
});
export type EgressRules = z.infer<typeof egressRules>;

/** The same with secrets, for the gateway alone. */
export const grantedRules = z.strictObject({
  rules: z.array(egressRule.extend({ credential: credentialHeader.optional() })),
  private: z.array(privateRegistry.extend({ credential: credentialHeader.optional() })),
  mcp: z.array(mcpEndpoint.extend({ credential: credentialHeader.optional() })).optional(),
});
export type GrantedRules = z.infer<typeof grantedRules>;
