/**
 * Node's HTTP. An ES module's import of it reads everything it exports, and with that loads a client that nobody here
 * uses: 50 ms of every start.
 */
export const http = process.getBuiltinModule('node:http');
