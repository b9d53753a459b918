import type { Parser } from '../parser.ts';
import { gatewayParsers } from './gateway.ts';
import { mcpParsers } from './mcp.ts';
import { modelParsers } from './model.ts';
import { pipelineParsers } from './pipeline.ts';

/** Every parser that reads bytes from outside. Add a row to one of the tables; a parser without one is not fuzzed. */
export const parsers: Readonly<Record<string, Parser>> = {
  ...gatewayParsers,
  ...mcpParsers,
  ...modelParsers,
  ...pipelineParsers,
};
