import { setTimeout as wait } from 'node:timers/promises';
import { campaignSpec, part, partOf } from '../../../test/support/campaign.ts';
import { type Scripted, scriptedRunner, startedFrom } from '../../../test/support/scripted-runner.ts';
import { createWorld, run } from '../../../test/support/world.ts';
import { round } from '../statistics.ts';

/** The work of the demo's campaign: 24 files, and one helper that two of three workers change. */
const filesPerPart = 8;
const parts = ['cart', 'orders', 'users'];
/** A turn of an agent is a wait for its model; a real one takes several seconds. */
const turnMs = 1_000;
/** Turns: a plan, each file, the end of a phase, and of the coordinator a conflict. */
const turns = { plan: 3, file: 1, end: 1, resolve: 2 };

export interface CampaignFigures {
  turnMs: number;
  /** Wall time from `submit` to the end, without sandboxes: agents are waits. */
  oneRunMs: number;
  campaignMs: number;
  /** One run over the campaign. */
  ratio: number;
}

/** The same work as one run and as a campaign of three workers, whose agents do nothing but wait for their models. */
async function benchCampaign(): Promise<CampaignFigures> {
  const [oneRunMs, campaignMs] = [await measure(false), await measure(true)];
  return { turnMs, oneRunMs, campaignMs, ratio: round(oneRunMs / campaignMs, 2) };
}

async function measure(asCampaign: boolean): Promise<number> {
  const world = createWorld();
  const server = await world.open({
    runner: scriptedRunner(async (job): Promise<Scripted | undefined> => {
      const id = partOf(job);
      if (job.spec.phase === 'plan') return void (await wait(id === undefined ? turns.plan * turnMs : 0));
      if (job.spec.phase === 'rework') {
        await wait((turns.resolve + turns.end) * turnMs);
        return { onTop: true, files: { 'shared.txt': 'both\n' } };
      }
      if (job.spec.phase !== 'build') return undefined;
      const mine = id === undefined ? parts : [id];
      await wait((mine.length * filesPerPart * turns.file + turns.end) * turnMs);
      const files = mine.flatMap((each) =>
        Array.from({ length: filesPerPart }, (_, i): [string, string] => [`parts/${each}/${i}.txt`, `${each}\n`]),
      );
      const shared = mine.includes('users') && mine.length === 1 ? {} : { 'shared.txt': `${mine.join(' ')}\n` };
      return { files: { ...startedFrom(job), ...Object.fromEntries(files), ...shared } };
    }),
  });
  try {
    const paths = (id: string): string[] => [`parts/${id}/**`, ...(id === 'users' ? [] : ['shared.txt'])];
    const spec = campaignSpec(parts.map((id) => part(id, { target_paths: paths(id) })));
    const start = performance.now();
    const view = await run(world, server, { spec: asCampaign ? spec : { ...spec, campaign: undefined } });
    const ms = performance.now() - start;
    if (view.status !== 'delivered') throw new Error(`the run ended ${view.status}: ${JSON.stringify(view.error)}`);
    return round(ms, 0);
  } finally {
    await server.close();
    world.remove();
  }
}

if (import.meta.main) console.log(JSON.stringify(await benchCampaign()));
