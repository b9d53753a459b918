import { z } from 'zod';
import { credentialHeader, grantedRules } from '../core/egress/rule.ts';
import { modelEndpoint } from '../core/models/endpoint.ts';
import { type AwsKeys, awsKeys } from '../core/ports/runtime/model-access.ts';
import { phaseSpec } from '../core/run/phase.ts';
import { installPlan } from '../sandbox/boot.ts';

/** The settings of a gateway for its phase. */
const gatewaySettings = z.strictObject({
  /** Folder for artifacts, one file per name. */
  artifactsDir: z.string(),
  /** Append-only log of the metered calls; it survives the gateway. */
  meterFile: z.string(),
  secrets: z.strictObject({ runner: z.string().min(32), agent: z.string().min(32) }),
  /** One-time ticket that a sandbox exchanges for its secrets; absent if the sandbox starts with its secrets. */
  ticket: z.string().min(32).optional(),
  /** What such a sandbox is told about the install of the lock file; see `sandbox/boot.ts`. */
  install: installPlan.optional(),
  spec: phaseSpec,
  /** File of each input, by name. */
  inputs: z.record(z.string(), z.string()),
  baseRepository: z.string(),
  /** Base URL on the host of each registry, by name; other registries are refused. */
  registries: z.record(z.string(), z.string()),
  /** Registries of the policy, for the packages of a scope or for all of a kind; the latter are in `registries` too. */
  private: grantedRules.shape.private,
  /** What programs may ask of hosts whose TLS the gateway ends. */
  rules: grantedRules.shape.rules,
  /** MCP servers that the agent may ask. */
  mcp: grantedRules.shape.mcp,
  /** Package archives that are kept between phases, with the checksums of the base's lock files. */
  archives: z
    .strictObject({ folder: z.string(), checksums: z.record(z.string(), z.array(z.string()).readonly()) })
    .optional(),
  /** Hosts that CONNECT may reach, on port 443. */
  hosts: z.array(z.string()),
  model: z
    .strictObject({
      provider: z.string(),
      allow: z.array(z.string()),
      mode: z.enum(['live', 'replay']),
      /** File of the recorded session. */
      session: z.string().optional(),
      /** How the provider is reached; absent: as the built-in one of this name. */
      endpoint: modelEndpoint.optional(),
      /** Models that are asked in this order when the provider answers for the one before with 429 or 5xx. */
      fallbacks: z.array(z.string()).optional(),
      /** Calls of the phase, at most. */
      maxTurns: z.int().positive().optional(),
      /** One of these, unless the endpoint asks for none: a key, a header, keys of AWS, a service account of Google. */
      key: z.string().optional(),
      header: credentialHeader.optional(),
      aws: z.union([awsKeys, z.custom<() => Promise<AwsKeys>>((value) => typeof value === 'function')]).optional(),
      serviceAccount: z.string().optional(),
      budgetMicros: z.int().nonnegative(),
    })
    .optional(),
  caps: z.strictObject({
    /** Limits in bytes: of one artifact, and of all artifacts together. */
    artifactBytes: z.int().positive(),
    artifactTotalBytes: z.int().positive(),
    /** Limit in bytes for all downloads from registries together. */
    registryBytes: z.int().positive(),
  }),
});
export type GatewaySettings = z.infer<typeof gatewaySettings>;

/** Where a gateway listens that is a process of this machine. */
const onSocket = gatewaySettings.extend({
  /** Path of the unix socket to listen on, at most 107 bytes. */
  socket: z.string().max(107),
});
/** Where a gateway listens that is a container, and what this machine needs to reach others. */
const inContainer = gatewaySettings.extend({
  /** TCP port, at its address in the network without a way out. */
  port: z.int().positive(),
  /** Certificate authorities in PEM that this machine trusts besides the usual ones. */
  certificates: z.string(),
  /** The proxy variables of this machine, which may contain a password. */
  proxy: z.record(z.string(), z.string()),
});

/** The configuration that the launcher sends over stdin, as one line of JSON. Secrets are passed in no other way. */
export const gatewayConfig = z.union([onSocket, inContainer]);
export type GatewayConfig = z.infer<typeof onSocket>;
export type ContainedGatewayConfig = z.infer<typeof inContainer>;
