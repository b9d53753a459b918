import { spawn } from 'node:child_process';
import { createGunzip } from 'node:zlib';
import { BadRequest, type GatewayContext, type Route } from '../context.ts';

/** The one repository there is, read-only, over git's smart protocol. */
const REPOSITORY = 'base.git';
const SERVICE = 'git-upload-pack';

/**
 * `GET /git/base.git/info/refs?service=git-upload-pack` and `POST /git/base.git/git-upload-pack`, answered by
 * `git upload-pack --stateless-rpc` (gitprotocol-http). Anything else, a push above all, is refused.
 */
export const gitRoute = (context: GatewayContext): Route => {
  const repository = context.config.baseRepository;
  return async (exchange) => {
    const { request, response, rest, url } = exchange;
    const advertise =
      request.method === 'GET' && rest === `${REPOSITORY}/info/refs` && url.searchParams.get('service') === SERVICE;
    const rpc = request.method === 'POST' && rest === `${REPOSITORY}/${SERVICE}`;
    if (!advertise && !rpc) {
      request.resume();
      const push = rest.includes('receive-pack') || url.search.includes('receive-pack');
      context.refuse(exchange, 403, {
        target: `git/${rest}`,
        reason: push ? 'push from a sandbox' : 'not a fetch of the base',
        allow: '',
      });
      return;
    }
    const protocol = request.headers['git-protocol'];
    const child = spawn(
      'git',
      ['upload-pack', '--strict', '--stateless-rpc', ...(advertise ? ['--advertise-refs'] : []), repository],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: {
          PATH: process.env.PATH,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          // The repository may belong to another user than the gateway's; it was made by the launcher.
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'safe.directory',
          GIT_CONFIG_VALUE_0: '*',
          ...(typeof protocol === 'string' && /^[\w=:.-]{1,64}$/.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
        },
      },
    );
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    response.on('close', () => child.kill());
    child.stdin.on('error', () => undefined); // upload-pack may stop reading before the request ends
    response.writeHead(200, {
      'content-type': `application/x-${SERVICE}-${advertise ? 'advertisement' : 'result'}`,
      'cache-control': 'no-cache',
    });
    if (advertise) {
      child.stdin.end();
      if (!(typeof protocol === 'string' && protocol.includes('version=2')))
        response.write(`001e# service=${SERVICE}\n0000`);
    } else if (request.headers['content-encoding'] === 'gzip') request.pipe(createGunzip()).pipe(child.stdin);
    else request.pipe(child.stdin);
    child.stdout.pipe(response);
    const code = await ended;
    if (code !== 0 && !response.writableEnded) throw new BadRequest(502, 'git upload-pack failed');
  };
};
