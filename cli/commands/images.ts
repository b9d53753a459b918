import type { Command } from 'commander';
import { type Engine, findEngine } from '../../adapters/local/containers/engine.ts';
import { buildImage, defaultBase } from '../../adapters/local/containers/images/build.ts';
import { type ImageName, imageNames } from '../../adapters/local/containers/images/contexts.ts';
import { digestOf, withContexts } from '../../adapters/local/containers/images/ensure.ts';
import { findImage, type Image, imageAt, pullImage } from '../../adapters/local/containers/images/find.ts';
import { packageRoot, version } from '../../common/package-info.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { action, type CommonOptions, policyOption } from '../command.ts';
import { loadPolicy } from '../config/load-policy.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print, table } from '../terminal/output.ts';

type OwnImage = Exclude<ImageName, 'overlay'>;

interface ImagesOptions extends CommonOptions {
  base?: string;
  agents?: string;
  again?: boolean;
  from?: string;
}

/** Those that are built or fetched if none is named: of a phase of a Node project. */
const usual: OwnImage[] = ['gateway', 'node'];
const own = imageNames.filter((name) => name !== 'overlay');
const pullMs = 30 * 60_000;

export function register(program: Command): void {
  const images = program.command('images').description('the container images of `--sandbox container`');
  action<[string[]], ImagesOptions>(
    images
      .command('build [image...]')
      .description(`build images of this version: ${own.join(', ')} (default: ${usual.join(' and ')})`)
      .option('--base <image>', `Debian trixie to build on (default: sandbox.images.base, else ${defaultBase})`)
      .option('--agents <names>', 'agents of the Node image, separated by commas (default: gemini,pi)')
      .option('--again', 'build also what is there already')
      .option(...policyOption),
    build,
  );
  action<[string[]], ImagesOptions>(
    images
      .command('pull [image...]')
      .description(`fetch images of this version from your registry (default: ${usual.join(' and ')})`)
      .option('--from <repository>', 'repository that has them as IMAGE-VERSION (default: sandbox.images.registry)')
      .option(...policyOption),
    pull,
  );
  action<[], ImagesOptions>(
    images.command('list').description('the images of this version that the container engine has'),
    list,
  );
}

async function build(output: Output, options: ImagesOptions, given: string[]): Promise<ExitCode> {
  const names = namesOf(given);
  const engine = await findEngine();
  const base = options.base ?? policyOf(options).sandbox.images.base ?? defaultBase;
  const agents = options.agents?.split(',').map((name) => name.trim());
  const made = await withContexts({ packageRoot: packageRoot() }, async (contexts) => {
    const all: (ImageRow & { built: boolean })[] = [];
    for (const image of names) {
      const request = {
        engine,
        contexts,
        image,
        base,
        again: options.again === true,
        log: (line: string) => output.err(plain(line)),
      };
      const { built, ...found } = await buildImage({ ...request, ...defined({ agents }) });
      all.push({ ...rowOf(image, found), built });
    }
    return all;
  });
  print(output, { engine: engine.name, images: made }, () => lines(made));
  return 0;
}

async function pull(output: Output, options: ImagesOptions, given: string[]): Promise<ExitCode> {
  const names = namesOf(given);
  const registry = options.from ?? policyOf(options).sandbox.images.registry;
  if (registry === undefined) {
    throw new DrydockError('UsageError', 'No repository was named.', {
      remedy: 'Give --from REPOSITORY, or set sandbox.images.registry in the policy; or build: drydock images build.',
    });
  }
  const engine = await findEngine();
  const pulled: ImageRow[] = [];
  for (const image of names) {
    const reference = `${registry}:${image}-${version()}`;
    output.err(`fetching ${reference}`);
    const found = await pullImage(engine, reference, pullMs);
    if ((await imageAt(engine, reference))?.context !== (await digestOf({ packageRoot: packageRoot() }, image))) {
      throw new DrydockError('ImageMissing', `${reference} was built from other sources than this version.`, {
        remedy: 'Build and push the images of this version (docs/images.md), or build them here: drydock images build.',
      });
    }
    pulled.push(rowOf(image, { ...found, name: reference }));
  }
  print(output, { engine: engine.name, images: pulled }, () => lines(pulled));
  return 0;
}

async function list(output: Output): Promise<ExitCode> {
  const engine = await findEngine();
  const rows = await Promise.all(own.map((image) => rowIn(engine, image)));
  print(output, { engine: engine.name, images: rows }, () => [engine.name, ...lines(rows)]);
  return 0;
}

interface ImageRow {
  image: string;
  present: boolean;
  name: string | null;
  digest: string | null;
  bytes: number;
}

const rowOf = (image: string, { name, digest, bytes }: Image): ImageRow => ({
  image,
  present: true,
  name,
  digest,
  bytes,
});

async function rowIn(engine: Engine, image: OwnImage): Promise<ImageRow> {
  const found = await findImage(engine, image, await digestOf({ packageRoot: packageRoot() }, image));
  return found ? rowOf(image, found) : { image, present: false, name: null, digest: null, bytes: 0 };
}

const lines = (rows: ImageRow[]): string[] =>
  table(
    rows.map(({ image, present, name, digest, bytes }) => [
      image,
      present ? `${Math.round(bytes / 1e6)} MB` : 'missing',
      name ?? '',
      digest ?? '',
    ]),
  );

/** @throws UsageError for a name that is not among the images. */
function namesOf(given: string[]): OwnImage[] {
  const names = given.map((name) => {
    const found = own.find((each) => each === name);
    if (found) return found;
    throw new DrydockError('UsageError', `There is no image ${JSON.stringify(name)}; there are ${own.join(', ')}.`);
  });
  return names.length === 0 ? usual : names;
}

const policyOf = (options: ImagesOptions): Policy =>
  loadPolicy({ repositories: new Map(), ...defined({ policy: options.policy }) }).policy;
