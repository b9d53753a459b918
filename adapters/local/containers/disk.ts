import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import { measureHere, measuring, watchDisk } from '../sandbox/limits/disk.ts';
import { engineChild, engineOutput } from './engine.ts';
import { commonOptions, phaseLabel } from './options.ts';
import type { ContainerPhase, Containers } from './phase.ts';

const mounts = z.array(z.object({ Type: z.string(), Source: z.string(), Name: z.string().default('') }));

/** Watches the volumes of containers together. The function that it returns stops that, and resolves when nothing of it is left. */
export function watchVolumes(
  containers: Containers,
  names: ContainerPhase['names'],
  watched: readonly string[],
  limitMb: number,
  onHit: (message: string) => void,
): () => Promise<void> {
  let stop: (() => void) | undefined;
  const begin = async (): Promise<void> => {
    const said = await engineOutput(containers.engine, ['inspect', '--format', '{{json .Mounts}}', ...watched]);
    const volumes = said
      .split('\n')
      .flatMap((line) => mounts.parse(JSON.parse(line) ?? []))
      .filter(({ Type }) => Type === 'volume');
    const folders = volumes.map(({ Source }) => Source);
    const measurer = () =>
      folders.every(isReadable)
        ? measureHere('/', folders, false)
        : measureInside(
            containers,
            names,
            volumes.map(({ Name }) => Name),
          );
    // Without a volume nothing can be written.
    if (volumes.length > 0) stop = watchDisk(measurer, { limitMb, onHit });
  };
  const begun = begin().catch(() => onHit('disk_mb: the volumes of the sandbox cannot be measured'));
  return async () => {
    await begun;
    stop?.();
  };
}

function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return process.getuid?.() === 0; // another user may list a volume and not what the sandbox keeps for itself in it
  } catch {
    return false;
  }
}

/**
 * Measures volumes from a container beside the sandbox, where this process cannot read them: root of the engine,
 * with the one capability to read what it does not own, without a network, and unable to write.
 * @internal for its tests
 */
export function measureInside(
  { engine, gateway, known }: Containers,
  names: ContainerPhase['names'],
  volumes: readonly string[],
) {
  const folders = volumes.map((_, index) => `/measured/${index}`);
  return engineChild(engine, [
    ...['run', '--interactive', '--name', names.disk, '--label', `${phaseLabel}=${names.network}`],
    ...commonOptions(engine, known.start),
    ...['--cap-add', 'DAC_READ_SEARCH', '--user', '0:0', '--network', 'none', '--memory', '128m', '--pids-limit', '16'],
    ...volumes.flatMap((name, index) => ['--mount', `type=volume,source=${name},target=${folders[index]},ro`]),
    ...['--entrypoint', '/bin/sh', gateway.id, '-c', `cd /; ${measuring}`, 'sh', ...folders],
  ]);
}
