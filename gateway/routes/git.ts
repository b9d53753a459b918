import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { gitCommand } from '../../core/git/command.ts';
import { BadRequest, type GatewayContext, type Route } from '../context.ts';

/** The only repository, read-only, served with git's smart protocol. */
const repositoryPath = 'base.git';
const uploadPack = 'git-upload-pack';

/**
 * Serves `GET /git/base.git/info/refs?service=git-upload-pack` and `POST /git/base.git/git-upload-pack` with `git
 * upload-pack --stateless-rpc` (gitprotocol-http). All other requests, in particular pushes, are refused.
 */
export const gitRoute = (context: GatewayContext): Route => {
  const repository = context.config.baseRepository;
  return async (exchange) => {
    const { request, response, rest, url } = exchange;
    const advertise =
      request.method === 'GET' &&
      rest === `${repositoryPath}/info/refs` &&
      url.searchParams.get('service') === uploadPack;
    const rpc = request.method === 'POST' && rest === `${repositoryPath}/${uploadPack}`;
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
    const serve = [
      'upload-pack',
      '--strict',
      '--stateless-rpc',
      ...(advertise ? ['--advertise-refs'] : []),
      repository,
    ];
    const command = gitCommand(serve, process.env);
    const child = spawn('git', command.args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...command.env,
        ...(typeof protocol === 'string' && /^[\w=:.-]{1,64}$/.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
      },
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    response.on('close', () => child.kill());
    child.stdin.on('error', () => undefined); // upload-pack may stop reading before the request ends
    response.writeHead(200, {
      'content-type': `application/x-${uploadPack}-${advertise ? 'advertisement' : 'result'}`,
      'cache-control': 'no-cache',
    });
    if (advertise) {
      child.stdin.end();
      if (!(typeof protocol === 'string' && protocol.includes('version=2')))
        response.write(`001e# service=${uploadPack}\n0000`);
    } else {
      const isZipped = request.headers['content-encoding'] === 'gzip';
      const sent = isZipped ? pipeline(request, createGunzip(), child.stdin) : pipeline(request, child.stdin);
      sent.catch(() => child.kill()); // the request was cut off, or is not what it says
    }
    child.stdout.pipe(response);
    const code = await ended;
    if (code !== 0 && !response.writableEnded) throw new BadRequest(502, 'git upload-pack failed');
  };
};
