/**
 * Where things are inside a sandbox. Constants, so that two runs of one phase see the same paths: recorded model
 * sessions and caches depend on it.
 */
export const layout = {
  workspace: '/workspace',
  home: '/home/agent',
  /** `$DRYDOCK_OUT`: what the agent leaves for people and for the next phase. */
  out: '/out',
  tmp: '/tmp',
  /** The profile's files, read-only. */
  agent: '/agent',
  /** The runner's own folder: its git directory and its index. Not mounted in the inner layer. */
  runner: '/run/runner',
  runnerProgram: '/run/runner.cjs',
  /** Holds the gateway's socket, which may come after the sandbox started. Not mounted in the inner layer. */
  gateway: '/run/gateway',
  gatewaySocket: '/run/gateway/gw.sock',
  /** Node, npm and a `bin` folder that comes first in PATH. */
  tools: '/opt/drydock',
  relayPort: 8787,
  /** Every process inside has this user and group id, whoever owns the phase outside. */
  uid: 1000,
  hostname: 'drydock',
} as const;

/** Names under `$DRYDOCK_OUT` that mean something. */
export const outputs = {
  plan: 'plan.yaml',
  question: 'question.json',
  checkpoint: 'checkpoint.json',
  handoff: 'handoff.md',
} as const;

/** Artifact and input names that both sides know. */
export const artifactNames = {
  result: 'result.json',
  manifest: 'changeset.json',
  blobs: 'changeset.blobs',
  /** Progress, NDJSON; written outside, from what the gateway told. */
  events: 'events.ndjson',
  /** Tar of the installed dependencies, for the install cache. */
  install: 'install.tar',
} as const;
