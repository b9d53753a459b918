import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Network } from './connect.ts';

const dialTimeoutMs = 30_000;

/**
 * A network whose only way to the internet is a company's proxy. Names are still resolved and checked here; the proxy
 * gets the name instead of the address, because proxies filter by name.
 * @param proxy `http://host:port` or `https://host:port`, without a password.
 */
export function behindProxy(network: Network, proxy: URL): Network {
  return { ...network, dial: (_address, port, host) => dial(proxy, `${host}:${port}`) };
}

function dial(proxy: URL, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const tunnel = request({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port,
      path: target,
      headers: { host: target },
      timeout: dialTimeoutMs,
      // Not from a connection pool: the connection becomes the tunnel.
      agent: false,
    });
    tunnel.once('connect', (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the company's proxy answered ${response.statusCode}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      socket.setTimeout(0);
      resolve(socket as Socket);
    });
    tunnel.once('response', (response) => {
      response.destroy();
      reject(new Error(`the company's proxy answered ${response.statusCode}`));
    });
    tunnel.once('timeout', () => tunnel.destroy(new Error("the company's proxy does not answer")));
    tunnel.once('error', reject);
    tunnel.end();
  });
}
