import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Authority } from '../authority/authority.ts';
import type { GatewayContext } from '../context.ts';

/** Time for a client to finish the TLS handshake. */
const handshakeMs = 15_000;

/**
 * Prepares to end the TLS of a tunnel to a host.
 * @returns What does it, as soon as the client's first bytes have come and are in the socket.
 */
export type EndTls = (host: string, request: IncomingMessage) => Promise<(socket: Socket) => void>;

/**
 * Ends the TLS of tunnels with the authority of the phase.
 * @param serve Gets each connection when the client has agreed to it, for HTTP.
 */
export const endsTls =
  (
    context: GatewayContext,
    authority: () => Promise<Authority>,
    serve: (connection: Socket, host: string, request: IncomingMessage) => void,
  ): EndTls =>
  async (host, request) => {
    const [{ TLSSocket }, secureContext] = await Promise.all([
      import('node:tls'),
      authority().then((own) => own.contextOf(host)),
    ]);
    return (socket) => {
      const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
      const timer = setTimeout(() => secure.destroy(), handshakeMs);
      socket.once('close', () => clearTimeout(timer));
      // Clients report a certificate that they do not trust with an alert, or by leaving.
      const onError = (error: Error): void => {
        const reason = `the program did not accept the certificate of this phase: ${error.message.slice(0, 150)}`;
        context.record({ target: `${host}:443`, reason, allow: '' }, request);
        secure.destroy();
      };
      secure.once('error', onError);
      secure.once('secure', () => {
        clearTimeout(timer);
        secure.off('error', onError).on('error', () => secure.destroy());
        serve(secure, host, request);
      });
    };
  };
