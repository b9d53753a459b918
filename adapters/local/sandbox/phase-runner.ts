import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseRunner } from '../../../core/ports/runtime/phase-runner.ts';
import type { ModelCall, ServiceSpec } from '../../../core/run/phase.ts';
import { emptyEnd } from '../../../core/run/phase-end.ts';
import { readMeter } from '../../../gateway/meter/meter.ts';
import { leftArtifacts } from '../../../gateway/phase/left-artifacts.ts';
import { PhaseLog } from '../../../gateway/phase/phase-log.ts';
import { gatewaySettingsOf } from '../../../gateway/phase/phase-settings.ts';
import { judge, type SandboxEnd } from '../../../gateway/phase/verdict.ts';
import { closeInherited } from '../../../sandbox/inherited.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import { agentProgram } from './agent-program.ts';
import { neededToolchains } from './base-files.ts';
import { startGateway } from './gateway-process.ts';
import { registryUrls } from './host/registry.ts';
import { resolveRuntime } from './host/runtime.ts';
import { archivesFolder, keepInstall, planInstall, pruneArchives } from './install-cache.ts';
import { probeBubblewrap } from './isolation/bubblewrap.ts';
import { copyAgentFiles, makePhaseFolder } from './phase-folder.ts';
import { writeProgram } from './programs.ts';
import { runSandbox } from './sandbox-process.ts';
import { markServer, sweep } from './sweep.ts';
import { writeTools } from './tools.ts';

export interface LocalPhaseRunnerOptions {
  /** Folder for runtimes, cached installs and meter logs. */
  dataDir: string;
  /** Folder with `gateway/` and `sandbox/`, as sources or as build output. */
  packageRoot: string;
  /** Runs agents with this process's own permissions instead of a sandbox. Recorded as enforcer `none`. */
  unsafeNoSandbox?: boolean;
  /** Refuses a runtime that this machine does not have exactly. */
  strictRuntime?: boolean;
}

/** Runs phases on this machine: gateway and sandbox are child processes, which end with this one. */
export function createLocalPhaseRunner(options: LocalPhaseRunnerOptions): PhaseRunner {
  closeInherited();
  let probed: Promise<void> | undefined;
  let swept: Promise<void> | undefined;
  let registries: Promise<Record<string, string>> | undefined;
  const isolation = options.unsafeNoSandbox === true ? 'none' : 'bubblewrap';

  return {
    async run(job, { signal, onEvent }) {
      const start = performance.now();
      if (isolation === 'bubblewrap') {
        probed ??= probeBubblewrap();
        await probed;
      }
      refuseImages(job.spec.sandbox.services ?? {});
      if (signal.aborted) {
        const failure = { name: 'Cancelled', message: 'the phase was cancelled before it started' };
        return emptyEnd(job.spec.phaseKey, 'none', failure);
      }
      swept ??= sweep();
      const [runtime, program] = await Promise.all([
        neededToolchains(job).then((needed) =>
          resolveRuntime(job.spec.sandbox.runtime, {
            strict: options.strictRuntime === true,
            dataDir: options.dataDir,
            needed,
          }),
        ),
        agentProgram(job.spec.agent, options.packageRoot, isolation),
        swept,
      ]);
      const spec = { ...job.spec, agent: program.agent };
      const meterFile = meterFileOf(options.dataDir, job.spec.phaseKey);
      const log = new PhaseLog();
      const folder = makePhaseFolder(Object.keys(spec.sandbox.services ?? {}));
      try {
        await allSettledOrThrow([
          markServer(folder.host),
          writeProgram('runner', options.packageRoot, folder.runnerProgram),
          writeProgram('gateway', options.packageRoot, folder.gatewayProgram),
          writeTools(folder.tools, runtime, isolation === 'bubblewrap'),
        ]);
        const secrets = { runner: randomBytes(32).toString('hex'), agent: randomBytes(32).toString('hex') };
        /** What gateway and runner are told; made while the two programs start. */
        const prepare = async () => {
          registries ??= registryUrls().catch((error: unknown) => {
            registries = undefined; // the next phase asks again
            throw error;
          });
          const [install, urls] = await allSettledOrThrow([
            planInstall(options.dataDir, job, runtime),
            registries,
            mkdir(dirname(meterFile), { recursive: true }),
            job.agentFiles === undefined ? undefined : copyAgentFiles(job.agentFiles, folder),
          ]);
          const { cached, checksums } = install;
          const settings = await gatewaySettingsOf({ ...job, spec }, folder, secrets, meterFile, cached, urls);
          const archives = { folder: archivesFolder(options.dataDir), checksums: Object.fromEntries(checksums) };
          return { cached, config: { ...settings, archives, socket: folder.socket } };
        };
        const prepared = prepare();
        const configured = prepared.then(({ config }) => config);
        const forRunner = prepared.then(({ config, cached }) => ({
          registries: Object.keys(config.registries),
          onlyUnpacks: cached !== undefined,
          keepInstall: cached?.keep === true,
        }));
        forRunner.catch(() => undefined); // `await prepared` below reports it
        const gateway = startGateway(folder.gatewayProgram, configured, folder.userId, (message) => {
          log.add(message);
          if (message.type === 'event') onEvent(message.event);
        });
        let ended: SandboxEnd;
        try {
          ended = await runSandbox({
            folder,
            secrets,
            isolation,
            spec,
            agentMount: program.mount,
            runtime,
            prepared: forRunner,
            hasAgentFiles: job.agentFiles !== undefined,
            signal,
            gateway,
          });
          // The reason why the gateway got no configuration, and only then that it did not start.
          await prepared;
          await gateway.ready;
        } finally {
          await gateway.stop();
          await prepared.catch(() => undefined); // it writes into the folder, which is removed next
        }
        const { cached } = await prepared;
        const tar = join(folder.artifacts, artifactNames.install);
        if (cached?.keep === true && existsSync(tar)) await keepInstall(cached, tar);
        if (log.traffic.some(({ route }) => route === 'registry')) await pruneArchives(options.dataDir);
        const artifacts = await leftArtifacts(folder.artifacts);
        artifacts.set(artifactNames.events, log.events);
        const verdict = judge({
          ended,
          reported: log.failures[0],
          bytes: artifacts.get(artifactNames.result),
          phaseKey: job.spec.phaseKey,
        });
        return {
          phaseKey: job.spec.phaseKey,
          ...verdict,
          calls: readMeter(meterFile),
          refusals: log.refusals,
          traffic: log.traffic,
          artifacts,
          enforcer: ended.enforcer,
          ms: Math.round(performance.now() - start),
        };
      } finally {
        await folder.remove();
      }
    },
  };
}

/** @throws SandboxUnavailable for a service with an image: that is a container, and this adapter starts none. */
function refuseImages(services: Readonly<Record<string, ServiceSpec>>): void {
  for (const [name, { image }] of Object.entries(services)) {
    if (image === undefined) continue;
    throw new DrydockError('SandboxUnavailable', `the service ${name} is the image ${image}, which needs containers`, {
      remedy: 'Give the service as a command of this machine, or run the task in containers.',
    });
  }
}

/** `Promise.all` that rejects only after all have settled, because the folder they write into is removed then. */
async function allSettledOrThrow<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
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
