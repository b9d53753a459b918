import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Network } from './connect.ts';

const dialTimeoutMs = 30_000;

/**
 * The way to the internet where a company's proxy is the only one: names are resolved and judged here as ever, and what
 * may be reached is asked for by its name, since proxies judge by names.
 * @param proxy `http://host:port` or `https://host:port`, without a password.
 */
export function behindProxy(network: Network, proxy: URL): Network {
  return { ...network, dial: (_address, port, host) => dial(proxy, `${host}:${port}`) };
}

function dial(proxy: URL, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { request } = proxy.protocol === 'https:' ? https : http;
    const asking = request({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port,
      path: target,
      headers: { host: target },
      timeout: dialTimeoutMs,
      // Not from a pool: the connection becomes the tunnel.
      agent: false,
    });
    asking.once('connect', (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`the company's proxy answered ${response.statusCode}`));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      socket.setTimeout(0);
      resolve(socket as Socket);
    });
    asking.once('response', (response) => {
      response.destroy();
      reject(new Error(`the company's proxy answered ${response.statusCode}`));
    });
    asking.once('timeout', () => asking.destroy(new Error("the company's proxy does not answer")));
    asking.once('error', reject);
    asking.end();
  });
}
