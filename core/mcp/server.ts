import { z } from 'zod';

const named = {
  name: z.string(),
  /** Names of the tools that may be seen and called. */
  tools: z.array(z.string()),
};

/** A server that the gateway asks. */
export const mcpEndpoint = z.strictObject({
  ...named,
  url: z.string(),
  /** Name of a credential. */
  credential: z.string().optional(),
});

/** A server as a sandbox knows it: the gateway asks it, unless it has a command, which runs in the sandbox. */
export const sandboxServer = z.strictObject({ ...named, command: z.array(z.string()).min(1).optional() });
export type SandboxServer = z.infer<typeof sandboxServer>;

/** A server that a run may use: of both forms, as the policy lists it, with the tools that the spec asks for. */
export const mcpServerOfRun = z.strictObject({
  ...named,
  url: z.string().optional(),
  credential: z.string().optional(),
  command: z.array(z.string()).min(1).optional(),
});
export type McpServerOfRun = z.infer<typeof mcpServerOfRun>;
