import { mkdirSync } from 'node:fs';
import { DrydockError } from '../../../core/errors.ts';
import type { AgentSpec, PhaseEvent } from '../../../core/run/phase.ts';
import { layout } from '../../../sandbox/layout.ts';
import { ownTools } from '../sandbox/agent-program.ts';
import type { Wall } from '../sandbox/isolation/wall.ts';
import { engineOutput, findEngine } from './engine.ts';
import { ensureImage, type ImageOptions, imageOfRuntime } from './images/ensure.ts';
import type { Image } from './images/find.ts';
import { openPhase } from './open-phase.ts';
import { commonOptions } from './options.ts';
import { ownerName, sweepContainers } from './owner.ts';
import type { Containers } from './phase.ts';
import { probeEngine } from './probe.ts';
import { writeSeccompProfile } from './seccomp-profile.ts';

export interface ContainerOptions extends ImageOptions {
  dataDir: string;
  /** `runsc`, `kata`: passed on to the engine. */
  runtime?: string | undefined;
}

/** Gateway and sandbox of a phase are containers, and the sandbox is in a network without a way out (docs/adr/0017). */
export function containerWall(options: ContainerOptions): Wall {
  let found: Containers | undefined;
  const agents = new Set<string>();
  return {
    async ready(onEvent) {
      if (options.dataDir.includes(',')) {
        throw new DrydockError('SandboxUnavailable', `The path of the data folder has a comma: ${options.dataDir}`, {
          remedy: 'Container engines cannot mount such a path. Name another folder: --data DIR.',
        });
      }
      mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
      const engine = await findEngine();
      await sweepContainers(engine);
      const gateway = await ensureImage(engine, 'gateway', options, logTo(onEvent));
      const { dataDir, runtime } = options;
      const seccomp = writeSeccompProfile(dataDir);
      const known = await probeEngine({ engine, image: gateway.id, dataDir, runtime, seccomp });
      found = { engine, gateway, known, seccomp };
    },
    async open(job, onEvent) {
      if (found === undefined) throw new DrydockError('SandboxUnavailable', 'The container engine was not asked yet.');
      const image = await imageOfRuntime(found.engine, job.spec.sandbox.runtime, options, logTo(onEvent));
      await checkAgent(found, image, job.spec.agent, agents);
      return openPhase(job, found, image, options.dataDir);
    },
  };
}

const logTo =
  (onEvent: (event: PhaseEvent) => void) =>
  (text: string): void =>
    onEvent({ type: 'log', source: 'images', text: `${text.slice(0, 2_000)}\n` });

/** @throws AgentUnavailable if the image lacks the program of a profile. */
async function checkAgent(
  { engine, known }: Containers,
  image: Image,
  agent: AgentSpec | null,
  checked: Set<string>,
): Promise<void> {
  const name = agent?.command[0];
  // A path may be one of the repository or of the agent's files, which nobody has unpacked yet.
  if (name === undefined || name.includes('/') || ownTools.has(name)) return;
  const key = `${image.id} ${name}`;
  if (checked.has(key)) return;
  const look = `PATH=${layout.tools}/bin:$PATH; command -v -- "$1"`;
  const options = ['--rm', '--name', await ownerName(), '--network', 'none', '--entrypoint', '/bin/sh'];
  const ask = ['run', ...options, ...commonOptions(engine, known.start), image.id, '-c', look, 'sh', name];
  await engineOutput(engine, ask).catch(() => {
    throw new DrydockError('AgentUnavailable', `The agent's program ${name} is not in the image ${image.name}.`, {
      remedy: `Build the image with it: drydock images build node --agents ${name}; or bring it in the profile's files.`,
    });
  });
  checked.add(key);
}
