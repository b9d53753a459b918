/**
 * Node's HTTP module. An ES import would read all of its exports, which loads the unused client of `fetch`: 50 ms of
 * every start.
 */
export const http = process.getBuiltinModule('node:http');
