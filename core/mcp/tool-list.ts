import type { AllowedServer, McpReport } from './allowed.ts';
import { digestOf, listResult, nameOf, parseTool, type Tool } from './forms.ts';
import type { Json } from './message.ts';

/** What of a page of a server's list an agent sees: the allowed tools, as they were listed first. Undefined if it is no list. */
export function listedTools(server: AllowedServer, report: McpReport, result: Json): Json | undefined {
  const parsed = listResult.safeParse(result).data;
  if (parsed === undefined) return undefined;
  const { listed, changed, tools: allowed, name } = server;
  const tools = new Map<string, Tool>();
  for (const each of parsed.tools) {
    const given = nameOf(each);
    if (given === undefined || !allowed.includes(given)) continue;
    const tool = parseTool(each);
    if (tool === undefined) {
      report.refused(`the tool ${given}`, `${name} lists it with an invalid definition`, given);
      continue;
    }
    const digest = digestOf(tool);
    if ((listed.get(tool.name) ?? digest) === digest) {
      listed.set(tool.name, digest);
      tools.set(tool.name, tool);
      continue;
    }
    if (!changed.has(tool.name))
      report.refused(`the tool ${tool.name}`, `${name} lists it with another definition than first`, tool.name);
    changed.add(tool.name);
    tools.delete(tool.name);
  }
  return {
    tools: [...tools.values()],
    ...(parsed.nextCursor === undefined ? {} : { nextCursor: parsed.nextCursor }),
  };
}
