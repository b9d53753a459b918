import { allSettledOrThrow } from '../../../../core/concurrency/settled.ts';
import type { PhaseJob } from '../../../../core/ports/runtime/phase-runner.ts';
import { agentProgram } from '../agent-program.ts';
import { neededToolchains } from '../base-files.ts';
import { startGateway } from '../gateway-process.ts';
import { resolveRuntime } from '../host/runtime.ts';
import { copyAgentFiles, makePhaseFolder } from '../phase-folder.ts';
import { writeProgram } from '../programs.ts';
import { runSandbox } from '../sandbox-process.ts';
import { markServer, sweep } from '../sweep.ts';
import { writeTools } from '../tools.ts';
import { probeBubblewrap } from './bubblewrap.ts';
import { refuseImages } from './refuse-images.ts';
import type { OpenPhase, Wall } from './wall.ts';

interface Options {
  dataDir: string;
  packageRoot: string;
  strictRuntime?: boolean | undefined;
  sandbox?: { gatewayMemoryMb?: number | undefined } | undefined;
}

/** Two layers of bubblewrap, or with `none` no isolation at all; gateway and sandbox are processes of this machine. */
export function bubblewrapWall(isolation: 'bubblewrap' | 'none', options: Options): Wall {
  let swept: Promise<void> | undefined;
  return {
    ready: async () => (isolation === 'bubblewrap' ? probeBubblewrap() : undefined),
    async open(job) {
      refuseImages(job.spec.sandbox.services ?? {});
      swept ??= sweep();
      const { dataDir, strictRuntime, packageRoot } = options;
      const [runtime, program] = await Promise.all([
        neededToolchains(job).then((needed) =>
          resolveRuntime(job.spec.sandbox.runtime, { strict: strictRuntime === true, dataDir, needed }),
        ),
        agentProgram(job.spec.agent, { packageRoot, dataDir }, isolation),
        swept,
      ]);
      return phaseOf(
        { ...job, spec: { ...job.spec, agent: program.agent } },
        { isolation, packageRoot, runtime, program, memoryMb: options.sandbox?.gatewayMemoryMb },
      );
    },
  };
}

async function phaseOf(
  job: PhaseJob,
  {
    isolation,
    packageRoot,
    runtime,
    program,
    memoryMb,
  }: {
    isolation: 'bubblewrap' | 'none';
    packageRoot: string;
    runtime: Awaited<ReturnType<typeof resolveRuntime>>;
    program: Awaited<ReturnType<typeof agentProgram>>;
    /** Of the gateway. */
    memoryMb: number | undefined;
  },
): Promise<OpenPhase> {
  const folder = makePhaseFolder(Object.keys(job.spec.sandbox.services ?? {}));
  try {
    await allSettledOrThrow([
      markServer(folder.host),
      writeProgram('runner', packageRoot, folder.runnerProgram),
      writeProgram('gateway', packageRoot, folder.gatewayProgram),
      writeTools(folder.tools, runtime, isolation === 'bubblewrap'),
    ]);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    job,
    runtime,
    folder,
    evidence: {},
    prepare: async () => job.agentFiles && copyAgentFiles(job.agentFiles, folder),
    startGateway(prepared, _meterFile, onMessage) {
      const configured = prepared.then(({ settings }) => ({ ...settings, socket: folder.socket }));
      return startGateway(folder.gatewayProgram, configured, folder.userId, onMessage, memoryMb);
    },
    runSandbox: (options) =>
      runSandbox({
        ...options,
        folder,
        isolation,
        spec: job.spec,
        agentMount: program.mount,
        runtime,
        hasAgentFiles: job.agentFiles !== undefined,
      }),
    end: async () => undefined,
  };
}
