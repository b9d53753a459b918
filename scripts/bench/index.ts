// Prints one JSON document with every figure of docs/bench.md. Each bench is a process of its own: what one has
// allocated or compiled does not count for the next. Progress goes to standard error.
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { typical } from '../cost/run.ts';
import { type Aimed, aimed } from './aims.ts';
import type { BundleFigures } from './bundles.ts';
import type { CommandLineFigures } from './cli.ts';
import type { EgressFigures } from './egress.ts';
import type { EngineFigures } from './engine.ts';
import type { LintFigures } from './lint.ts';
import type { McpFigures } from './mcp.ts';
import type { ModelFigures } from './models.ts';
import type { CampaignFigures } from './runs/campaign.ts';
import type { PipelineFigures } from './runs/pipeline.ts';
import type { SandboxFigures } from './sandbox.ts';
import type { InstallFigures } from './sizes/install.ts';
import type { WallFigures } from './sizes/walls.ts';
import { medians } from './statistics.ts';
import type { WebhookFigures } from './webhooks.ts';

/** Benches that do not repeat themselves are run this often, and the median of each figure is told. */
const repeats = 3;

function bench<Figures>(name: string): Figures {
  process.stderr.write(`${name}, load ${load()}\n`);
  const out = execFileSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out) as Figures;
}
const repeated = <Figures extends object>(name: string): Record<keyof Figures & string, number> =>
  medians(Array.from({ length: repeats }, () => bench<Record<keyof Figures & string, number>>(name)));
const load = (): number => Number((loadavg()[0] ?? 0).toFixed(2));

const machine = {
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? '',
  memoryMb: Math.round(totalmem() / 1_000_000),
  node: process.version,
  loadBefore: load(),
};
const engine = repeated<EngineFigures>('engine');
const lint = repeated<LintFigures>('lint');
const webhooks = repeated<WebhookFigures>('webhooks');
const sandbox = bench<SandboxFigures>('sandbox');
const egress = bench<EgressFigures>('egress');
const mcp = bench<McpFigures>('mcp');
const models = bench<ModelFigures>('models');
const pipeline = bench<PipelineFigures>('runs/pipeline');
const campaign = bench<CampaignFigures>('runs/campaign');
const install = bench<InstallFigures>('sizes/install');
const walls = bench<WallFigures>('sizes/walls');
const commandLine = bench<CommandLineFigures>('cli');
const bundles = bench<BundleFigures>('bundles');

const figures: Record<keyof typeof aimed, Aimed> = {
  bundleMedianBytes: { ...aimed.bundleMedianBytes, now: bundles.medianBytes },
  importMedianMs: { ...aimed.importMedianMs, now: bundles.medianImportMs },
  // Measured and held by test/aws/scenario/scenario.test.ts.
  writeUnitsOfRun: { ...aimed.writeUnitsOfRun, now: typical.writes + typical.phases },
  lintMs: { ...aimed.lintMs, now: lint.ms },
  overheadOfRunMs: { ...aimed.overheadOfRunMs, now: pipeline.medianMs.overhead },
};

console.log(
  JSON.stringify(
    {
      figures,
      machine: { ...machine, loadAfter: load() },
      method: `medians: engine, lint and webhooks of ${repeats} processes, sandbox of ${sandbox.pairs} pairs, pipeline of ${pipeline.runs} runs, installs of ${install.rounds} in turns, walls of ${walls.pairs} pairs`,
      engine,
      lint,
      webhooks,
      sandbox,
      egress,
      mcp,
      models,
      pipeline,
      campaign,
      install,
      walls,
      commandLine,
      bundles,
    },
    null,
    2,
  ),
);
