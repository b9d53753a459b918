// A process of its own that runs a phase in containers, and is killed while its agent works. Prints what happens inside.
import { createLocalPhaseRunner } from '../../adapters/local/sandbox/phase-runner.ts';
import { type JobChanges, makeJob, packageRoot, type World } from '../machine/contract/phase-fixtures.ts';

const [world, base, changes] = JSON.parse(process.argv[2] ?? '[]') as [World, string, JobChanges?];
const runner = createLocalPhaseRunner({
  dataDir: world.dataDir,
  packageRoot,
  sandbox: { driver: 'container', base },
});
const end = await runner.run(makeJob(world, changes), {
  signal: new AbortController().signal,
  onEvent: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
});
process.stdout.write(`${JSON.stringify({ end: end.failure ?? end.result })}\n`);
