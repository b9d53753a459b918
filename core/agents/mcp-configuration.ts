import type { AgentServer } from './agent.ts';

/** The servers as `mcpServers`, which most programs read; each may add fields of its own. */
const mcpServers = (
  servers: readonly AgentServer[],
  more: (server: AgentServer) => object = () => ({}),
): Record<string, object> =>
  Object.fromEntries(
    servers.map((server) => {
      const { name, at } = server;
      const own = 'url' in at ? { type: 'http', url: at.url } : { command: at.program, args: at.args, env: at.env };
      return [name, { ...own, ...more(server) }];
    }),
  );

/** A file of them. */
export const mcpConfiguration = (servers: readonly AgentServer[], more?: (server: AgentServer) => object): string =>
  `${JSON.stringify({ mcpServers: mcpServers(servers, more) }, null, 2)}\n`;
