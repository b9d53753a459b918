import { agents } from '../agents/agents.ts';
import type { Policy } from '../policy/schema.ts';
import type { TaskSpec } from '../task-spec/schema.ts';
import type { McpServerOfRun } from './server.ts';

/** The servers that a run may use: those that both spec and policy name, with the tools that both name. */
export function mcpOf(
  { sandbox }: Pick<TaskSpec, 'sandbox'>,
  { mcp, credentials }: Pick<Policy, 'mcp' | 'credentials'>,
  profile: Policy['agents']['profiles'][string] | undefined,
  refuse: (path: string, message: string) => void,
): { servers: McpServerOfRun[]; credentials: Policy['credentials'] } {
  const asked = sandbox.mcp ?? [];
  const wanted: [string, string[] | undefined, string][] = Array.isArray(asked)
    ? [...new Set(asked)].map((name, i) => [name, undefined, `sandbox.mcp.${i}`])
    : Object.entries(asked).map(([name, tools]) => [name, tools, `sandbox.mcp.${name}`]);
  const known = profile?.agent === undefined ? undefined : agents[profile.agent];
  if (wanted.length > 0 && known?.takesMcp === false) {
    const others = Object.values(agents).flatMap(({ name, takesMcp }) => (takesMcp ? [name] : []));
    refuse('sandbox.mcp', `${known.title} takes no MCP servers. Agents that do: ${others.join(', ')}.`);
  }
  const servers = wanted.flatMap(([name, tools, path]): McpServerOfRun[] => {
    const server = Object.hasOwn(mcp, name) ? mcp[name] : undefined;
    if (server === undefined) {
      const listed = Object.keys(mcp);
      const lists = listed.length === 0 ? '' : ` It lists ${listed.slice(0, 10).join(', ')}.`;
      refuse(path, `The policy does not list the server "${name}" under mcp.${lists}`);
      return [];
    }
    for (const tool of tools ?? [])
      if (!server.tools.includes(tool))
        refuse(path, `The policy does not allow the tool "${tool}" of ${name}. It allows ${server.tools.join(', ')}.`);
    return [{ name, ...server, tools: [...new Set(tools ?? server.tools)] }];
  });
  const named = new Set(servers.flatMap(({ credential }) => credential ?? []));
  return { servers, credentials: Object.fromEntries(Object.entries(credentials).filter(([name]) => named.has(name))) };
}
