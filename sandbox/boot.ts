import { z } from 'zod';

const gatewayAddress = z.union([
  z.strictObject({ path: z.string() }),
  z.strictObject({ host: z.string(), port: z.int().positive() }),
]);
export type GatewayAddress = z.infer<typeof gatewayAddress>;

/** What a runner is told about the install of the lock file. */
export const installPlan = z.strictObject({
  /** Whether it only unpacks archives, so that scripts are left out. */
  onlyUnpacks: z.boolean(),
  /** Whether to upload a tar file of the installed dependencies. */
  keepInstall: z.boolean(),
});

/** The gateway's answer to the ticket of a sandbox that was started without its secrets. */
export const bootAnswer = z.strictObject({
  runnerSecret: z.string().min(32),
  agentSecret: z.string().min(32),
  /** Registries that the gateway serves. */
  registries: z.array(z.string()),
  ...installPlan.shape,
});
export type BootAnswer = z.infer<typeof bootAnswer>;

/** The gateway's answer to `GET /egress`: what programs of a sandbox have to be told about the ways out. */
export const egressFacts = z.strictObject({
  /** Certificate of the authority of the phase, in PEM. */
  authority: z.string(),
  /** Host in the lock files of npm that means the mirror, though no program in the sandbox can ask it. */
  npmHost: z.string().optional(),
  /** Prefixes of Go modules of private registries; the public checksum database is not asked about them. */
  privateModules: z.array(z.string()),
});
export type EgressFacts = z.infer<typeof egressFacts>;

/** What a command tried past the proxy: `POST /direct`. */
export const directAttempts = z.strictObject({
  /** Packets to addresses outside. */
  connections: z.int().nonnegative(),
  /** Questions to a name server. */
  lookups: z.int().nonnegative(),
});
export type DirectAttempts = z.infer<typeof directAttempts>;

/**
 * The configuration that the launcher sends to the runner over stdin, as one line of JSON. The runner's secret is in no
 * other place: not in arguments, environment or files. The end of stdin means that the launcher has ended.
 */
export const bootConfig = z.strictObject({
  /** Proves to the gateway that a request comes from the runner and not from a command that it runs. */
  runnerSecret: z.string().min(32),
  /** Not secret from the commands inside: it only opens the model, registry and CONNECT routes. */
  agentSecret: z.string().min(32),
  /** A unix socket, or the address of a remote gateway. */
  gateway: gatewayAddress,
  /** 0 picks a free port; only without isolation. */
  relayPort: z.int().nonnegative(),
  /**
   * `bubblewrap`: every command runs in an inner layer. `container`: an inner layer is not possible; the container
   * belongs to this phase alone, so processes that a command left are killed by killing all other processes in it.
   * `none`: no isolation.
   */
  isolation: z.enum(['bubblewrap', 'container', 'none']),
  paths: z.strictObject({
    workspace: z.string(),
    home: z.string(),
    out: z.string(),
    tmp: z.string(),
    /** What package managers install outside of the work tree; all commands of the phase share it. */
    deps: z.string(),
    agent: z.string().nullable(),
    runner: z.string(),
    tools: z.string(),
  }),
  /** Files and folders of the system that the inner layer mounts in addition: [path, path inside]. */
  system: z.array(z.tuple([z.string(), z.string()])),
  /** Symbolic links of the root: [target, path]. */
  links: z.array(z.tuple([z.string(), z.string()])),
  /** Folders of PATH with the toolchains of the host that lie outside of the system's folders. */
  toolPaths: z.array(z.string()),
  /** Registries that the gateway serves. */
  registries: z.array(z.string()),
  /** Size of /dev/shm in an inner layer, in MB; a container's is the size of its task. */
  sharedMemoryMb: z.int().positive(),
  /** Difference between the requested and the available runtime, for the versions of the result. */
  notes: z.record(z.string(), z.string()),
  ...installPlan.shape,
});
export type BootConfig = z.infer<typeof bootConfig>;
