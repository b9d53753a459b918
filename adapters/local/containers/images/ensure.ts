import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DrydockError } from '../../../../core/errors.ts';
import { toolchainOf } from '../../../../core/task-spec/toolchains.ts';
import type { Engine } from '../engine.ts';
import { buildImage, defaultBase } from './build.ts';
import { contextDigest, type ImageName, imageContexts, imageNames } from './contexts.ts';
import { findImage, type Image, pinnedImage } from './find.ts';

export interface ImageOptions {
  packageRoot: string;
  /** The Debian to build on. */
  base?: string | undefined;
  /** Runtime of a spec → image by digest, as the policy has it. */
  runtimes?: Readonly<Record<string, string>> | undefined;
}

/** Builds of this process, so that two phases do not build the same image. */
const building = new Map<string, Promise<Image>>();

/**
 * An image of this version. One that the engine does not have is built, which takes minutes, once.
 * @throws ImageMissing if that fails.
 */
export async function ensureImage(
  engine: Engine,
  image: Exclude<ImageName, 'overlay'>,
  options: ImageOptions,
  log: (line: string) => void,
): Promise<Image> {
  const found = await findImage(engine, image, await digestOf(options, image));
  if (found) return found;
  const key = `${engine.program} ${image}`;
  let made = building.get(key);
  if (made === undefined) {
    const { base = defaultBase } = options;
    made = withContexts(options, (contexts) => buildImage({ engine, contexts, image, base, log }));
    building.set(
      key,
      made.finally(() => building.delete(key)),
    );
  }
  return made.catch((error: unknown) => {
    throw missing(engine, image, error);
  });
}

/** The label that an image of this version has. Sources are read once; a server process runs what it has started with. */
export async function digestOf(options: Pick<ImageOptions, 'packageRoot'>, image: ImageName): Promise<string> {
  digests ??= withContexts(
    options,
    async (contexts) => new Map(imageNames.map((name) => [name, contextDigest(contexts, name)])),
  );
  return (await digests).get(image) ?? '';
}
let digests: Promise<Map<ImageName, string>> | undefined;

function missing(engine: Engine, image: ImageName, error: unknown): DrydockError {
  const why = error instanceof Error ? error.message : String(error);
  return new DrydockError(
    'ImageMissing',
    `${engine.name} has no image ${image} of this version, and it could not be built: ${why}`,
    {
      remedy: `Build it: drydock images build ${image} [--base IMAGE]; or fetch it: drydock images pull ${image}.`,
      cause: error,
    },
  );
}

/** The sandbox image for a runtime: the one that the policy pins, else that of its toolchain. */
export async function imageOfRuntime(
  engine: Engine,
  runtime: string,
  options: ImageOptions,
  log: (line: string) => void,
): Promise<Image> {
  const pinned = options.runtimes?.[runtime];
  if (pinned !== undefined) {
    const found = await pinnedImage(engine, pinned);
    if (found.context === undefined) {
      throw new DrydockError(
        'ImageMissing',
        `The image ${pinned} of the runtime ${runtime} lacks the files of a phase.`,
        {
          remedy: 'Put the overlay on it, and pin the result: docs/images.md.',
        },
      );
    }
    return found;
  }
  const toolchain = toolchainOf(runtime);
  if (toolchain !== undefined) return ensureImage(engine, toolchain, options, log);
  throw new DrydockError('RuntimeUnavailable', `There is no image for the runtime ${runtime}.`, {
    remedy: 'Use a built-in toolchain, or pin an image for it under `runtimes:` in the policy.',
  });
}

/** In the package the contexts are files of their own; from sources they are written for the moment. */
export async function withContexts<T>(
  { packageRoot }: Pick<ImageOptions, 'packageRoot'>,
  use: (contexts: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-contexts-'));
  try {
    return await use(await imageContexts(packageRoot, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
