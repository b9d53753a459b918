import { z } from 'zod';

const gatewayAddress = z.union([
  z.strictObject({ path: z.string() }),
  z.strictObject({ host: z.string(), port: z.int().positive() }),
]);
export type GatewayAddress = z.infer<typeof gatewayAddress>;

/** What a gateway tells a sandbox that was started without its secrets, for its ticket. */
export const bootAnswer = z.strictObject({
  runnerSecret: z.string().min(32),
  agentSecret: z.string().min(32),
  /** Registries the gateway offers. */
  registries: z.array(z.string()),
});
export type BootAnswer = z.infer<typeof bootAnswer>;

/**
 * What the launcher tells the runner over its stdin, as one line of JSON. The line is the only place the runner's
 * secret is in: neither arguments nor environment nor a file hold it. The end of the stream means the launcher is gone.
 */
export const bootConfig = z.strictObject({
  /** Proves to the gateway that a request comes from the runner and not from what it runs. */
  runnerSecret: z.string().min(32),
  /** May be known inside: opens the model, registry and CONNECT routes only. */
  agentSecret: z.string().min(32),
  /** A unix socket, or the address of a gateway elsewhere. */
  gateway: gatewayAddress,
  /** 0 picks a free port; only without isolation. */
  relayPort: z.int().nonnegative(),
  /**
   * `bubblewrap`: an inner layer around every command. `container`: there is none to be had; the container is this
   * phase's own, and what a command left running is ended by ending everything else in it. `none`: nothing at all.
   */
  isolation: z.enum(['bubblewrap', 'container', 'none']),
  paths: z.strictObject({
    workspace: z.string(),
    home: z.string(),
    out: z.string(),
    tmp: z.string(),
    agent: z.string().nullable(),
    runner: z.string(),
    tools: z.string(),
  }),
  /** Folders and files of the system the inner layer sees, besides the above: [path, path inside]. */
  system: z.array(z.tuple([z.string(), z.string()])),
  /** Symbolic links of the root: [target, path]. */
  links: z.array(z.tuple([z.string(), z.string()])),
  /** Registries the gateway offers. */
  registries: z.array(z.string()),
  /** Difference between the runtime asked for and the one there is; goes into the versions of the result. */
  notes: z.record(z.string(), z.string()),
  /** Ask for the tar of the installed dependencies. */
  keepInstall: z.boolean(),
});
export type BootConfig = z.infer<typeof bootConfig>;
