import { z } from 'zod';
import { DrydockError } from '../../../../core/errors.ts';
import { type Engine, engineOutput } from '../engine.ts';
import { contextLabel, type ImageName, imageLabel } from './contexts.ts';

export interface Image {
  /** What the engine runs: an id, so that nothing can be put under its name meanwhile. */
  id: string;
  /** `sha256:` and 64 hex digits: of the manifest where the engine knows it, else of the image's configuration. */
  digest: string;
  /** For people. */
  name: string;
  bytes: number;
  /** User that it runs as, by name or number; empty: root. */
  user: string;
}

const inspected = z.array(
  z.object({
    Id: z.string(),
    Digest: z.string().optional(),
    RepoDigests: z.array(z.string()).nullish(),
    RepoTags: z.array(z.string()).nullish(),
    Size: z.number().default(0),
    Created: z.string().default(''),
    Config: z.object({ Labels: z.record(z.string(), z.string()).nullish(), User: z.string().nullish() }).nullish(),
  }),
);
const pullMs = 10 * 60_000;
type Inspected = z.infer<typeof inspected>[number];

/** Name of a local image. `localhost` has no registry, so that no engine fetches it from somewhere. */
export const localName = (image: ImageName): string => `localhost/drydock-${image}`;

/** The newest image of this version, whoever built it on whichever base; undefined if there is none. */
export async function findImage(engine: Engine, image: ImageName, context: string): Promise<Image | undefined> {
  // Two filters by label mean one or the other to some engines.
  const filter = ['--filter', `label=${contextLabel}=${context}`];
  const ids = await engineOutput(engine, ['image', 'ls', '--quiet', '--no-trunc', ...filter]);
  const all = await inspectImages(engine, [...new Set(ids.split('\n').filter(Boolean))]);
  const ours = all.filter(({ Config }) => Config?.Labels?.[imageLabel] === image);
  return ours.sort((a, b) => (a.Created < b.Created ? 1 : -1)).map(imageOf)[0];
}

/** An image by its reference, if the engine has it. */
export async function imageAt(engine: Engine, reference: string): Promise<(Image & { context?: string }) | undefined> {
  const [found] = await inspectImages(engine, [reference]).catch(() => []);
  const context = found?.Config?.Labels?.[contextLabel];
  return found && { ...imageOf(found), ...(context === undefined ? {} : { context }) };
}

/** Fetches an image from its registry. @throws ImageMissing with what the engine says. */
export async function pullImage(
  engine: Engine,
  reference: string,
  timeoutMs: number,
): Promise<Image & { context?: string }> {
  try {
    await engineOutput(engine, ['pull', '--quiet', reference], { timeoutMs });
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    throw new DrydockError('ImageMissing', `${engine.name} cannot fetch ${reference}: ${said.slice(-500)}`, {
      remedy: 'Check the name, the network, and the login at its registry.',
    });
  }
  const image = await imageAt(engine, reference);
  if (image) return image;
  throw new DrydockError('ImageMissing', `${engine.name} fetched ${reference} and does not have it.`);
}

/** An image that the policy pins, which is fetched if the engine does not have it. @throws ImageMissing. */
export const pinnedImage = async (engine: Engine, reference: string): Promise<Image & { context?: string }> =>
  (await imageAt(engine, reference)) ?? (await pullImage(engine, reference, pullMs));

async function inspectImages(engine: Engine, references: string[]): Promise<Inspected[]> {
  if (references.length === 0) return [];
  return inspected.parse(JSON.parse(await engineOutput(engine, ['image', 'inspect', ...references])));
}

function imageOf({ Id, Digest, RepoDigests, RepoTags, Size, Config }: Inspected): Image {
  const id = Id.startsWith('sha256:') ? Id : `sha256:${Id}`;
  const digest = Digest ?? RepoDigests?.[0]?.split('@')[1] ?? id;
  return { id, digest, name: RepoTags?.[0] ?? id, bytes: Size, user: Config?.User ?? '' };
}
