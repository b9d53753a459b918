import { findEngine } from '../../../adapters/local/containers/engine.ts';
import { digestOf } from '../../../adapters/local/containers/images/ensure.ts';
import { findImage } from '../../../adapters/local/containers/images/find.ts';
import type { SandboxChoice } from '../../../adapters/local/sandbox/choose-wall.ts';
import { createLocalPhaseRunner } from '../../../adapters/local/sandbox/phase-runner.ts';
import { packageRoot } from '../../../common/package-info.ts';
import { makeJob, makeWorld, project, type World } from '../../../test/machine/contract/phase-fixtures.ts';
import { median, round } from '../statistics.ts';

const pairs = 5;

export interface WallFigures {
  pairs: number;
  /** A whole phase that clones a small repository and runs nothing: gateway and sandbox start, work, end and are removed. */
  bubblewrapMs: number;
  containerMs: number | null;
  /** Why there is no figure of containers. */
  skipped: string | null;
}

/** A phase in containers beside one in bubblewrap, in turns; images are not built for it. */
async function benchWalls(): Promise<WallFigures> {
  const world = makeWorld(project);
  try {
    const skipped = await whyNoContainers();
    const bubblewrap = phases(world, 'bubblewrap');
    const container = skipped === null ? phases(world, 'container') : undefined;
    // The first of each looks at the machine.
    await bubblewrap();
    await container?.();
    const taken = { bubblewrap: [] as number[], container: [] as number[] };
    for (let pair = 0; pair < pairs; pair++) {
      taken.bubblewrap.push(await bubblewrap());
      if (container !== undefined) taken.container.push(await container());
    }
    return {
      pairs,
      bubblewrapMs: round(median(taken.bubblewrap), 0),
      containerMs: container === undefined ? null : round(median(taken.container), 0),
      skipped,
    };
  } finally {
    world.remove();
  }
}

async function whyNoContainers(): Promise<string | null> {
  try {
    const engine = await findEngine();
    for (const image of ['gateway', 'node'] as const) {
      if (await findImage(engine, image, await digestOf({ packageRoot: packageRoot() }, image))) continue;
      return `ImageMissing: ${engine.name} has no image ${image} of this version: drydock images build ${image}`;
    }
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

function phases(world: World, driver: SandboxChoice['driver']): () => Promise<number> {
  const runner = createLocalPhaseRunner({ dataDir: world.dataDir, packageRoot: packageRoot(), sandbox: { driver } });
  return async () => {
    const job = makeJob(world, { spec: { phase: 'plan', agent: null } });
    const end = await runner.run(job, { signal: new AbortController().signal, onEvent: () => undefined });
    if (end.result?.outcome !== 'planned') throw new Error(JSON.stringify(end.failure ?? end.result));
    return end.ms;
  };
}

console.log(JSON.stringify(await benchWalls()));
