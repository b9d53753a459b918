import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalPhaseRunner } from '../../../adapters/local/sandbox/phase-runner.ts';
import { packageRoot } from '../../../common/package-info.ts';
import type { PhaseRunner } from '../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { createWorld, run } from '../../../test/support/world.ts';
import { round } from '../statistics.ts';
import { type Peaks, watchPeaks } from './peaks.ts';

const files = 10_000;
const bytesOfFile = 50_000;
const changedFiles = 300;

interface LargeFigures extends Peaks {
  files: number;
  megabytes: number;
  changedFiles: number;
  wallMs: number;
  /** Milliseconds of each phase, with those of its steps. */
  phases: Record<string, Record<string, number>>;
}

/** A whole run on a repository of 10,000 files and 500 MB, of which the agent changes 300. */
async function benchLarge(): Promise<LargeFigures> {
  const world = createWorld();
  const phases: LargeFigures['phases'] = {};
  const real = createLocalPhaseRunner({ dataDir: world.data, packageRoot: packageRoot() });
  const runner: PhaseRunner = {
    async run(job, options) {
      const end = await real.run(job, options);
      phases[end.phaseKey.split('/')[1] ?? ''] = { ...timingsOf(end), total: end.ms };
      return end;
    },
  };
  try {
    // In a process of its own: what it allocates is not the server's.
    execFileSync(process.execPath, [import.meta.filename, world.repo]);
    world.git('-c', 'core.compression=0', 'add', '--all');
    world.git('commit', '--quiet', '-m', 'large');
    world.policy({ limits: { changed_files: changedFiles, changed_bytes: 50_000_000, disk_mb: 20_000 } });
    world.agent(
      `for (let i = 0; i < ${changedFiles}; i++) fs.appendFileSync('d' + (i % 100) + '/' + i + '.bin', 'x');`,
    );
    const peaks = watchPeaks();
    const server = await world.open({ runner });
    try {
      const start = performance.now();
      const view = await run(world, server, { spec: large });
      const wallMs = round(performance.now() - start, 0);
      if (view.status !== 'delivered') throw new Error(`the run ended ${view.status}: ${JSON.stringify(view.error)}`);
      return { files, megabytes: (files * bytesOfFile) / 1e6, changedFiles, wallMs, ...peaks(), phases };
    } finally {
      peaks();
      await server.close();
    }
  } finally {
    world.remove();
  }
}

const large = {
  instructions: 'Append a byte to 300 files.',
  constraints: [],
  success_criteria: [{ says: 'it is longer', run: `test $(stat -c %s d0/0.bin) = ${bytesOfFile + 1}` }],
  sandbox: { runtime: 'node:24', test_command: 'test -f d0/0.bin' },
};

const timingsOf = (end: PhaseEnd): Record<string, number> => end.result?.timings ?? {};

/** Contents that do not compress, as pictures and archives. */
function fill(repository: string): void {
  for (let i = 0; i < files; i++) {
    const place = join(repository, `d${i % 100}`);
    if (i < 100) mkdirSync(place);
    writeFileSync(join(place, `${i}.bin`), randomBytes(bytesOfFile));
  }
}

const [repository] = process.argv.slice(2);
if (repository !== undefined) fill(repository);
else console.log(JSON.stringify(await benchLarge()));
