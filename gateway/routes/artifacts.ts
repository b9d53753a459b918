import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { artifactNames } from '../../sandbox/layout.ts';
import { BadRequest, type Exchange, type GatewayContext, type Route, sendJson } from '../context.ts';
import { artifactLimit } from '../phase/left-artifacts.ts';

/** A plain file name without a folder or a leading dot. */
const artifactName = /^[a-z0-9][a-z0-9._-]{0,99}$/;
/** A phase stores five at most; an empty one costs no bytes, but a file. */
const maxArtifacts = 32;

/**
 * `PUT /artifacts/<name>`: an artifact is stored once; a second PUT of the name is refused. The runner puts its result
 * once, when all steps have ended: with a second result, or one during a step, nobody knows which one is the runner's,
 * and the phase is lost.
 */
export const artifactsRoute = (context: GatewayContext): Route => {
  const { artifactsDir, caps } = context.config;
  let total = 0;
  let started = 0;
  const refuseResult = (exchange: Exchange, reason: string): void => {
    context.tell({ type: 'failure', name: 'SandboxLost', message: `a result that is not the runner's: it ${reason}` });
    context.refuse(exchange, 409, { target: artifactNames.result, reason, allow: '' });
  };
  return async (exchange) => {
    const { request, response, rest: name } = exchange;
    if (request.method !== 'PUT') throw new BadRequest(405, 'artifacts can only be stored with PUT');
    if (!artifactName.test(name)) {
      request.resume();
      context.refuse(exchange, 400, { target: name.slice(0, 100), reason: 'not a valid artifact name', allow: '' });
      return;
    }
    started += 1;
    if (started > maxArtifacts) {
      request.resume();
      context.refuse(exchange, 403, { target: name, reason: `over ${maxArtifacts} artifacts of a phase`, allow: '' });
      return;
    }
    const [open] = context.openSteps;
    if (name === artifactNames.result && open !== undefined) {
      request.resume();
      refuseResult(exchange, `arrived during the step ${open}`);
      return;
    }
    const partial = join(artifactsDir, `.${randomUUID()}`);
    const max = Math.min(caps.artifactBytes, artifactLimit(name));
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        total += chunk.length;
        const over = bytes > max || total > caps.artifactTotalBytes;
        done(over ? new BadRequest(413, `artifact ${name} exceeds the limit`) : null, chunk);
      },
    });
    try {
      await pipeline(request, meter, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
      // A hard link fails if the name exists, so only one of two concurrent writers succeeds.
      await link(partial, join(artifactsDir, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        if (name === artifactNames.result) refuseResult(exchange, 'is the second one');
        else
          context.refuse(exchange, 409, {
            target: name,
            reason: 'is already stored; artifacts are write-once',
            allow: '',
          });
        return;
      }
      if (error instanceof BadRequest) {
        context.refuse(exchange, error.status, { target: name, reason: error.message, allow: 'limits: {disk_mb: …}' });
        return;
      }
      throw error;
    } finally {
      await rm(partial, { force: true });
    }
    context.tell({ type: 'artifact', name, bytes });
    sendJson(response, 201, { name, bytes });
  };
};
