import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DrydockError } from '../../../../core/errors.ts';
import { type Engine, engineChild } from '../engine.ts';
import { contextDigest, type ImageName } from './contexts.ts';
import { findImage, type Image, imageAt, localName, pullImage } from './find.ts';

/** Debian as the official image has it; the digest that a build uses is the one that the engine fetched. */
export const defaultBase = 'docker.io/library/debian:trixie-slim';
const pullMs = 10 * 60_000;
const maxTail = 4_000;

export interface BuildRequest {
  engine: Engine;
  /** Folder with the contexts. */
  contexts: string;
  image: Exclude<ImageName, 'overlay'>;
  /** Reference of the Debian to build on. */
  base: string;
  /** Names of folders below sandbox/images/agents. */
  agents?: string[] | undefined;
  /** Builds also where there is an image already. */
  again?: boolean;
  signal?: AbortSignal;
  log(line: string): void;
}

/**
 * Builds an image, and first the Node image if it is built on that one, unless the engine has it.
 * @throws ImageBuildFailed with the end of the engine's output; ImageMissing if the base cannot be had.
 */
export async function buildImage(request: BuildRequest): Promise<Image & { built: boolean }> {
  const { engine, contexts, image, base, agents, log } = request;
  const context = contextDigest(contexts, image);
  const found = request.again ? undefined : await findImage(engine, image, context);
  if (found && agents === undefined) return { ...found, built: false };
  const args: Record<string, string> = {};
  let below: Image;
  if (image === 'gateway' || image === 'node') {
    below = await baseImage(engine, base, log);
    args.DEBIAN = below.name;
  } else {
    below = await buildImage({ ...request, image: 'node' });
    args.NODE = below.name;
  }
  if (image === 'node' && agents !== undefined) args.AGENTS = agents.join(' ');
  const key = createHash('sha256')
    .update(JSON.stringify([context, args, below.id]))
    .digest('hex')
    .slice(0, 16);
  const name = `${localName(image)}:${key}`;
  const same = request.again ? undefined : await imageAt(engine, name);
  if (same) return { ...same, built: false };
  log(`${image}: building ${name}`);
  await runBuild(request, [
    ...['build', '--tag', name, '--pull=false'],
    ...Object.entries(args).flatMap(([arg, value]) => ['--build-arg', `${arg}=${value}`]),
    join(contexts, image),
  ]);
  const made = await imageAt(engine, name);
  if (!made) throw new DrydockError('ImageBuildFailed', `${engine.name} built ${name} and does not have it.`);
  return { ...made, name, built: true };
}

/** The base by a name that cannot change its meaning during the build. */
async function baseImage(engine: Engine, base: string, log: (line: string) => void): Promise<Image> {
  let image = await imageAt(engine, base);
  if (image === undefined) {
    log(`fetching ${base}`);
    image = await pullImage(engine, base, pullMs);
  }
  log(`base: ${base}, ${image.digest}`);
  return { ...image, name: base };
}

async function runBuild({ engine, image, log, signal }: BuildRequest, args: string[]): Promise<void> {
  const child = engineChild(engine, args);
  child.stdin.end();
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop);
  let tail = '';
  const codes = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      tail = `${tail}${line}\n`.slice(-maxTail);
      log(`${image}: ${line}`);
    });
  }
  const code = await codes;
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw new DrydockError('Cancelled', 'The build was cancelled.');
  if (code !== 0) {
    throw new DrydockError('ImageBuildFailed', `${engine.name} could not build the image ${image}:\n${tail.trim()}`);
  }
}
