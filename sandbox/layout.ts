/**
 * Paths inside a sandbox. They are constant because recorded model sessions and caches need the same paths in every
 * run.
 */
export const layout = {
  workspace: '/workspace',
  home: '/home/agent',
  /** `$DRYDOCK_OUT`: the agent's outputs for people and for the next phase. */
  out: '/out',
  tmp: '/tmp',
  /** What package managers install outside of the work tree; all commands of a phase share it. */
  deps: '/deps',
  /** The profile's files, read-only. */
  agent: '/agent',
  /** The runner's own folder: its git directory and its index. Not mounted in the inner layer. */
  runner: '/run/runner',
  runnerProgram: '/run/runner.cjs',
  /**
   * Contains the gateway's socket, which may be created after the sandbox has started. Not mounted in the inner layer.
   */
  gateway: '/run/gateway',
  gatewaySocket: '/run/gateway/gw.sock',
  /** Node, npm and a `bin` folder that comes first in PATH. */
  tools: '/opt/drydock',
  relayPort: 8787,
  /** User and group id of every process inside, independent of the user outside. */
  uid: 1000,
  hostname: 'drydock',
} as const;

/** The writable folders of a sandbox in a container; its image declares them as volumes, and the rest is read-only. */
export const writableInSandbox = [
  layout.workspace,
  layout.home,
  layout.out,
  layout.tmp,
  layout.deps,
  layout.agent,
  layout.runner,
] as const;

/** Files under `$DRYDOCK_OUT` that Drydock reads. */
export const outputs = {
  plan: 'plan.yaml',
  question: 'question.json',
  checkpoint: 'checkpoint.json',
  handoff: 'handoff.md',
} as const;

/** Names of artifacts and inputs, shared by runner and launcher. */
export const artifactNames = {
  result: 'result.json',
  manifest: 'changeset.json',
  blobs: 'changeset.blobs',
  /** Progress as NDJSON; written outside, from the gateway's messages. */
  events: 'events.ndjson',
  /** Tar of the installed dependencies, for the install cache. */
  install: 'install.tar',
} as const;

/** Shared memory of a phase in MB: a quarter of its memory. */
export const sharedMemoryOf = (memoryMb: number): number => Math.ceil(memoryMb / 4);

/** MB of a folder in the memory of a service: half of it, so that a full folder does not end the service. */
export const folderMbOf = (memoryMb: number): number => Math.ceil(memoryMb / 2);

/**
 * Arguments of bubblewrap for /dev: bounded shared memory, and no other file. Both are in memory, which a watchdog that
 * adds up processes does not see.
 */
export const boundedDevices = (sharedMemoryMb: number): string[] => [
  ...['--dev', '/dev', '--perms', '1777', '--size', String(sharedMemoryMb * 1024 * 1024)],
  ...['--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
];

/** The first line of a connection that the relay of a sandbox makes to its gateway; the secret is that of the agent. */
export const relayGreeting = (secret: string): string => `DRYDOCK ${secret}\r\n`;
