import { randomBytes } from 'node:crypto';

/** Where the program lies in the home of an agent. */
export const bridgeFile = '.drydock/mcp.cjs';
/** Variable with the secret of the connection. */
const variable = 'DRYDOCK_MCP';

/**
 * The program that an agent starts for a server: it connects the agent's standard streams to the runner, where messages are
 * judged. It runs next to the agent, and so decides nothing.
 */
export const bridgeProgram = `'use strict';
const { connect } = require('node:net');
const [port, name] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
socket.write(process.env.${variable} + ' ' + name + '\\n');
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit());
socket.on('error', () => process.exit(1));
process.stdout.on('error', () => process.exit());
`;

/** The first line of a connection. */
export const greetingOf = (secret: string, name: string): string => `${secret} ${name}`;
export const connectionSecret = (): string => randomBytes(24).toString('hex');
export const bridgeEnvironment = (secret: string): Record<string, string> => ({ [variable]: secret });
