import type { ProviderKind } from '../models/endpoint.ts';
import type { PhaseEvent } from '../run/phase.ts';

/** What an agent is started with; addresses and folders are those inside the sandbox. */
interface AgentContext {
  model: string | undefined;
  /** Name of the provider, and the interface that it has. */
  provider: string;
  kind: ProviderKind;
  /** Base URL of the provider behind the gateway, without a version. */
  base: string;
  /** The key for the gateway, which is valid for this phase. */
  key: string;
  /** Home of the agent. */
  home: string;
  /** Its MCP servers; none for one that takes none. */
  servers: readonly AgentServer[];
}

/** An MCP server as an agent is told about it: a URL of the gateway, or a program that it starts. */
export interface AgentServer {
  name: string;
  tools: readonly string[];
  at: { url: string } | { program: string; args: string[]; env: Record<string, string> };
}

export interface AgentStart {
  /** Arguments after the program. */
  args: string[];
  env: Record<string, string>;
  /** Files of its home, by path. */
  files: Record<string, string>;
}

/** An agent that the product knows: how it is installed, started without questions, and read. */
export interface Agent {
  name: string;
  title: string;
  /** Its program, as its package installs it. */
  program: string;
  licence: { id: string; kind: 'open' | 'proprietary' };
  /** `acp`: it speaks the Agent Client Protocol. `command`: it reads the prompt from its standard input. */
  driver: 'acp' | 'command';
  /** Interfaces of providers that it speaks; the first one is used if the profile names no provider. */
  kinds: readonly [ProviderKind, ...ProviderKind[]];
  /** Whether it takes MCP servers. */
  takesMcp: boolean;
  start(context: AgentContext): AgentStart;
  /** The events in one line of its standard output; only for those whose driver is `command`. */
  events?(line: Json): PhaseEvent[];
}

export type Json = Record<string, unknown>;
export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** A field that holds an object; an empty one if it does not. */
export const objectOf = (value: unknown): Json => (isJson(value) ? value : {});
export const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
