import { createLocalPhaseRunner } from '../../../adapters/local/sandbox/phase-runner.ts';
import { packageRoot } from '../../../common/package-info.ts';
import type { PhaseRunner } from '../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { createWorld, run } from '../../../test/support/world.ts';
import { medians, round } from '../statistics.ts';

const runs = 7;

/** Steps of a phase that are the project's, git's or the agent's; what a phase takes beside them is Drydock's. */
const git = ['clone', 'apply change', 'checkout', 'record change'];
/** What the runner does around each command. */
const around = ['fresh folders', 'compare tree'];
const install = ['install', 'install dependencies', 'install from cache', 'keep install', 'setup'];

export interface PipelineFigures {
  runs: number;
  /** Of a run whose agent does nothing but one write: from `submit` to its end, all gates voted at once. */
  medianMs: Record<
    'wall' | 'git' | 'install' | 'tests' | 'agent' | 'aroundCommands' | 'overhead' | 'phases' | 'betweenPhases',
    number
  >;
  /** The first run of a fresh process and data folder, which fills the caches. */
  coldMs: number;
  phases: Record<string, Record<string, number>>;
}

/** What Drydock adds to git, install, tests and agent of one whole run, in the sandbox of this machine. */
async function benchPipeline(): Promise<PipelineFigures> {
  const world = createWorld();
  const ends: PhaseEnd[] = [];
  const real = createLocalPhaseRunner({ dataDir: world.data, packageRoot: packageRoot() });
  const runner: PhaseRunner = {
    async run(job, options) {
      const end = await real.run(job, options);
      ends.push(end);
      return end;
    },
  };
  const server = await world.open({ runner });
  try {
    const totals: PipelineFigures['medianMs'][] = [];
    const phases = new Map<string, Record<string, number>[]>();
    let coldMs = 0;
    for (let attempt = 1; attempt <= runs + 1; attempt++) {
      ends.length = 0;
      const start = performance.now();
      const view = await run(world, server, { attempt });
      const wall = performance.now() - start;
      if (view.status !== 'delivered') throw new Error(`the run ended ${view.status}: ${JSON.stringify(view.error)}`);
      if (attempt === 1) {
        coldMs = round(wall, 0);
        continue;
      }
      totals.push(shares(wall, ends));
      for (const end of ends) {
        const name = end.phaseKey.split('/')[1] ?? '';
        const timings = end.result?.timings ?? {};
        const rest = end.ms - sum(Object.values(timings));
        phases.set(name, [...(phases.get(name) ?? []), { ...timings, rest, total: end.ms }]);
      }
    }
    return {
      runs,
      medianMs: medians(totals),
      coldMs,
      phases: Object.fromEntries([...phases].map(([name, taken]) => [name, medians(taken)])),
    };
  } finally {
    await server.close();
    world.remove();
  }
}

function shares(wall: number, ends: readonly PhaseEnd[]): PipelineFigures['medianMs'] {
  const timings = ends.flatMap((end) => Object.entries(end.result?.timings ?? {}));
  const of = (names: readonly string[]): number =>
    sum(timings.filter(([name]) => names.includes(name)).map(([, ms]) => ms));
  const phases = sum(ends.map((end) => end.ms));
  const agent = of(['agent']);
  const all = sum(timings.filter(([name]) => !around.includes(name)).map(([, ms]) => ms));
  return {
    wall,
    git: of(git),
    install: of(install),
    // whatever else a phase ran is a command of the spec: baseline, tests, success criteria
    tests: all - of(git) - of(install) - agent,
    agent,
    aroundCommands: of(around),
    overhead: wall - all,
    phases,
    betweenPhases: wall - phases,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

if (import.meta.main) console.log(JSON.stringify(await benchPipeline()));
