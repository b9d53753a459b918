/** What a phase may use of its gateway at a time, which the limits of its sandbox do not cover. */
export interface GatewayLimits {
  /** Open connections; more are closed. */
  connections: number;
  /** Open connections of anybody until the sandbox of a container has shown its ticket. */
  strangers: number;
  /** The same, of one address. */
  strangersEach: number;
  /** Milliseconds for such a connection. */
  strangerMs: number;
  /** Tunnels to allowed hosts. */
  tunnels: number;
  /** Requests that are worked on, for the runner and for the agent each; more wait. */
  atOnce: number;
  /** Requests that wait; more are answered with 503. */
  waiting: number;
  /** Bytes of all requests to the model that are in memory. */
  bodyBytes: number;
  /** Bytes of all requests to the model of a phase. */
  totalBodyBytes: number;
  /** Calls to the model of a phase; each has an entry in the meter log. */
  calls: number;
  /** Milliseconds for the headers of a request. */
  headersMs: number;
  /** Milliseconds for a request with its body: the archive of an install, which is made while it is sent, takes minutes. */
  requestMs: number;
  /** Milliseconds without a byte of a body that the gateway holds in memory. */
  idleMs: number;
  /** Milliseconds without a byte of an answer of the model. */
  modelIdleMs: number;
  /** Requests of a phase to its MCP servers. */
  mcpRequests: number;
  /** Bytes of one message of an agent or a server. */
  mcpMessageBytes: number;
  /** Bytes of one answer of a server, which may be a stream of messages. */
  mcpAnswerBytes: number;
  /** Milliseconds without a byte of an answer of a server. */
  mcpIdleMs: number;
  /** Milliseconds for an answer of a server. */
  mcpCallMs: number;
  /** Open streams for messages that nobody asked for. */
  mcpStreams: number;
}

const mib = 1024 * 1024;
export const gatewayLimits: GatewayLimits = {
  connections: 256,
  strangers: 64,
  strangersEach: 4,
  strangerMs: 10_000,
  tunnels: 64,
  atOnce: 8,
  waiting: 200,
  bodyBytes: 48 * mib,
  totalBodyBytes: 8 * 1024 * mib,
  calls: 20_000,
  headersMs: 15_000,
  requestMs: 10 * 60_000,
  idleMs: 30_000,
  modelIdleMs: 5 * 60_000,
  mcpRequests: 20_000,
  mcpMessageBytes: 4 * mib,
  mcpAnswerBytes: 64 * mib,
  mcpIdleMs: 5 * 60_000,
  mcpCallMs: 15 * 60_000,
  mcpStreams: 16,
};
