import { z } from 'zod';
import { upstreamUrlFault } from '../egress/upstream-url.ts';
import * as field from '../task-spec/fields.ts';

/** Name of Drydock's own server, which every agent that takes MCP servers has. */
export const ownServer = 'drydock';

/** A name of a server becomes a part of the names that agents give to its tools, for which vendors have narrow rules. */
export const mcpServerName = z
  .string()
  .max(32)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'Write a name such as "docs" in small letters, digits and dashes.')
  .refine((name) => name !== ownServer, `"${ownServer}" is the name of Drydock's own server; use another one.`)
  .refine((name) => !(name in Object.prototype), 'This word is reserved; use another one.');

/** https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-names */
const toolName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_./-]+$/, 'Write the name of a tool in letters, digits and _ . / -; wildcards are not allowed.');

const toolNames = z.array(toolName).min(1).max(200);

/** A server of the Model Context Protocol, as a policy lists it. */
export const mcpServer = z
  .strictObject({
    url: field
      .refused(z.string().min(1).max(2_000), upstreamUrlFault('https://mcp.acme.example/mcp'))
      .optional()
      .describe('Address of a server with Streamable HTTP, which the gateway asks.'),
    credential: field.name
      .optional()
      .describe('A name under `credentials`; the gateway puts it into requests to `url`.'),
    command: z
      .array(z.string().min(1).max(4_000))
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Program and arguments of a server that runs in the sandbox and speaks on its standard streams; no shell.',
      ),
    tools: toolNames.describe('Names of the tools that agents may see and call. No other tool, and nothing but tools.'),
  })
  .check(({ value, issues }) => {
    const fault = (message: string, path: string[]) => issues.push({ code: 'custom', message, path, input: value });
    if ((value.url === undefined) === (value.command === undefined)) fault('Write either url or command.', []);
    else if (value.command !== undefined && value.credential !== undefined)
      fault('A command runs in the sandbox, which no credential enters: remove credential, or give the server a url.', [
        'credential',
      ]);
  });

/** The servers that a spec asks for: by name, with all the tools of the policy, or with some of them. */
export const askedServers = z.union([z.array(mcpServerName).max(50), z.record(mcpServerName, toolNames)]);
