import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allSettledOrThrow } from '../../../core/concurrency/settled.ts';
import type { PhaseJob, PhaseRunner } from '../../../core/ports/runtime/phase-runner.ts';
import type { ModelCall } from '../../../core/run/phase.ts';
import { emptyEnd } from '../../../core/run/phase-end.ts';
import { readMeter } from '../../../gateway/meter/meter.ts';
import { leftArtifacts } from '../../../gateway/phase/left-artifacts.ts';
import { PhaseLog } from '../../../gateway/phase/phase-log.ts';
import { gatewaySettingsOf } from '../../../gateway/phase/phase-settings.ts';
import { judge, type SandboxEnd } from '../../../gateway/phase/verdict.ts';
import { closeInherited } from '../../../sandbox/inherited.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import { chooseWall, type WallOptions } from './choose-wall.ts';
import { registryUrls } from './host/registry.ts';
import { archivesFolder, keepInstall, planInstall, pruneArchives } from './install-cache.ts';
import type { OpenPhase, Wall } from './isolation/wall.ts';

export type LocalPhaseRunnerOptions = WallOptions;
type RunOptions = Parameters<PhaseRunner['run']>[1];

/** Runs phases on this machine: gateway and sandbox are child processes or containers, which end with this one. */
export function createLocalPhaseRunner(options: LocalPhaseRunnerOptions): Required<PhaseRunner> {
  closeInherited();
  const removing = new Set<Promise<void>>();
  let chosen: Promise<Wall> | undefined;
  let registries: Promise<Record<string, string>> | undefined;

  return {
    async run(job, { signal, onEvent, hear }) {
      const start = performance.now();
      // A wall that cannot be built now is looked for again by the next phase: something may have been installed.
      chosen ??= chooseWall(options, onEvent).catch((error: unknown) => {
        chosen = undefined;
        throw error;
      });
      const wall = await chosen;
      if (signal.aborted) {
        const failure = { name: 'Cancelled', message: 'the phase was cancelled before it started' };
        return emptyEnd(job.spec.phaseKey, 'none', failure);
      }
      const phase = await wall.open(job, onEvent);
      const urls = () => {
        registries ??= registryUrls().catch((error: unknown) => {
          registries = undefined; // the next phase asks again
          throw error;
        });
        return registries;
      };
      try {
        return await runIn(phase, options.dataDir, urls, start, { signal, onEvent, hear });
      } finally {
        await phase.end();
        // A disk that is busy needs a minute for 100,000 installed files, and nothing waits for them. What is left of a
        // folder is removed by the next server process.
        const removal = phase.folder.remove().catch(() => undefined);
        removing.add(removal);
        void removal.then(() => removing.delete(removal));
      }
    },
    async removed() {
      await Promise.all(removing);
    },
  };
}

async function runIn(
  phase: OpenPhase,
  dataDir: string,
  registries: () => Promise<Record<string, string>>,
  start: number,
  { signal, onEvent, hear }: RunOptions,
): ReturnType<PhaseRunner['run']> {
  const { job } = phase;
  const { phaseKey } = job.spec;
  const meterFile = meterFileOf(dataDir, phaseKey);
  const log = new PhaseLog();
  const secrets = { runner: randomBytes(32).toString('hex'), agent: randomBytes(32).toString('hex') };
  // Made while the two programs start.
  const prepared = prepare(phase, dataDir, registries, secrets, meterFile);
  const forRunner = prepared.then((both) => both.forRunner);
  forRunner.catch(() => undefined); // `await prepared` below reports it
  const gateway = phase.startGateway(prepared, meterFile, (message) => {
    log.add(message);
    if (message.type === 'event') onEvent(message.event);
  });
  hear?.((remarks) => gateway.tell(remarks));
  let ended: SandboxEnd;
  try {
    ended = await phase.runSandbox({ secrets, prepared: forRunner, signal, gateway });
    // The reason why the gateway got no configuration, and only then that it did not start.
    await prepared;
    await gateway.ready;
  } finally {
    await gateway.stop();
    await prepared.catch(() => undefined); // it writes into the folder, which is removed next
  }
  const { cached } = await prepared;
  const tar = join(phase.folder.artifacts, artifactNames.install);
  if (cached?.keep === true && existsSync(tar)) await keepInstall(cached, tar);
  if (log.traffic.some(({ route }) => route === 'registry')) await pruneArchives(dataDir);
  const artifacts = await leftArtifacts(phase.folder.artifacts);
  artifacts.set(artifactNames.events, log.events);
  const bytes = artifacts.get(artifactNames.result);
  return {
    phaseKey,
    ...judge({ ended, reported: log.failures[0], bytes, phaseKey }),
    calls: readMeter(meterFile),
    refusals: log.refusals,
    traffic: log.traffic,
    artifacts,
    enforcer: ended.enforcer,
    ...phase.evidence,
    ms: Math.round(performance.now() - start),
  };
}

async function prepare(
  phase: OpenPhase,
  dataDir: string,
  registries: () => Promise<Record<string, string>>,
  secrets: { runner: string; agent: string },
  meterFile: string,
) {
  const job: PhaseJob = phase.job;
  const known = registries();
  const [install, urls] = await allSettledOrThrow([
    planInstall(dataDir, job, phase.runtime),
    known,
    mkdir(dirname(meterFile), { recursive: true }),
    phase.prepare(known),
  ]);
  const { cached, checksums } = install;
  const settings = await gatewaySettingsOf(job, phase.folder, secrets, meterFile, cached, urls);
  const archives = { folder: archivesFolder(dataDir), checksums: Object.fromEntries(checksums) };
  return {
    cached,
    settings: { ...settings, archives },
    forRunner: {
      registries: Object.keys(settings.registries),
      onlyUnpacks: cached !== undefined,
      keepInstall: cached?.keep === true,
    },
  };
}

/**
 * Path of the log of a phase's model calls. It survives the phase, the gateway and this process, so that all calls are
 * charged.
 * @internal for its tests
 */
export const meterFileOf = (dataDir: string, phaseKey: string): string =>
  join(dataDir, 'meter', `${createHash('sha256').update(phaseKey).digest('hex').slice(0, 40)}.ndjson`);

/** The model calls of one attempt of a phase so far, also of an attempt of an earlier process. */
export const meteredCalls = (dataDir: string, phaseKey: string): ModelCall[] =>
  readMeter(meterFileOf(dataDir, phaseKey));
