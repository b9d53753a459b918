import type { Json } from './message.ts';

/** A server and the tools that may be seen and called; a phase has one of these for each. */
export interface AllowedServer {
  name: string;
  tools: readonly string[];
  /** Definition of each tool as it was listed first, by its digest. */
  readonly listed: Map<string, string>;
  /** Tools whose definition changed after that. */
  readonly changed: Set<string>;
}

export const allowedServer = (name: string, tools: readonly string[]): AllowedServer => ({
  name,
  tools,
  listed: new Map(),
  changed: new Set(),
});

export type CallEnd = (status: 'completed' | 'failed', output: string) => void;

/** What people are told. */
export interface McpReport {
  refused(what: string, reason: string, tool?: string): void;
  /** @returns what is to be called at the end of the call. */
  called(tool: string, input: Json): CallEnd;
}

/** A name from outside, in a message for people: as it is, if nothing in it can mislead them. */
export const shown = (name: string): string =>
  /^[A-Za-z0-9_./-]{1,100}$/.test(name)
    ? name
    : JSON.stringify(name.slice(0, 100)).replace(
        /[^ -~]/g,
        (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
