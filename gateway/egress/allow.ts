import { isIP } from 'node:net';
import { isGitHost, ruleForGitHost } from '../../core/egress/git-hosts.ts';

/** The lines that would allow what was refused: in the policy, and in the spec. Both are needed. */
export interface AllowLines {
  allow: string;
  allowInSpec?: string;
}

/** A host may be named in policy and spec, an address may not. */
const named = (host: string, allow: string): AllowLines =>
  isIP(host) === 0 ? { allow, allowInSpec: `sandbox: {egress: [${host}]}` } : { allow: '' };

/** Lines that allow a tunnel to a host; to read from a git host, a rule. */
export const allowHost = (host: string): AllowLines =>
  named(host, isGitHost(host) ? ruleForGitHost(host) : `egress: {hosts: [${host}]}`);

/** Characters of a path that stand for themselves in a pattern and in YAML between quotes. */
const plain = /^[A-Za-z0-9/._~!$&'()+,;=:@-]{1,120}$/;

export const allowRule = (host: string, method: string, path: string): AllowLines =>
  named(
    host,
    `egress: {rules: [{host: ${host}, methods: [${method}], paths: ["${plain.test(path) ? path : '/**'}"]}]}`,
  );

export const allowRegistry = (kind: string): AllowLines => ({ allow: `egress: {registries: [${kind}]}` });

/** Lines that allow an MCP server, and a tool of one. */
export const allowServer = (name: string): AllowLines =>
  /^[a-z][a-z0-9-]{0,31}$/.test(name)
    ? { allow: `mcp: {${name}: {url: …, tools: […]}}`, allowInSpec: `sandbox: {mcp: [${name}]}` }
    : { allow: '' };
export const allowTool = (server: string, tool: string): AllowLines =>
  /^[A-Za-z0-9_./-]{1,128}$/.test(tool)
    ? { allow: `mcp: {${server}: {tools: [${tool}]}}`, allowInSpec: `sandbox: {mcp: [${server}]}` }
    : { allow: '' };
