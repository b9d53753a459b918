import { DrydockError } from '../../../core/errors.ts';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import { type ContainerOptions, containerWall } from '../containers/wall.ts';
import { bubblewrapWall } from './isolation/bubblewrap-wall.ts';
import type { Wall } from './isolation/wall.ts';

/** How sandboxes are made on this machine. */
export interface SandboxChoice extends Pick<ContainerOptions, 'runtime' | 'base' | 'runtimes' | 'gatewayMemoryMb'> {
  driver: 'auto' | 'bubblewrap' | 'container';
}

export interface WallOptions {
  /** Folder for runtimes, cached installs and meter logs. */
  dataDir: string;
  /** Folder with `gateway/` and `sandbox/`, as sources or as build output. */
  packageRoot: string;
  /** Which wall; default: bubblewrap where it works, else containers. */
  sandbox?: SandboxChoice;
  /** Runs agents with this process's own permissions instead of a sandbox. Recorded as enforcer `none`. */
  unsafeNoSandbox?: boolean;
  /** Refuses a runtime that this machine does not have exactly. */
  strictRuntime?: boolean;
}

/**
 * The wall of the sandboxes of this machine, checked. `auto`: bubblewrap where it works, else a container engine.
 * @throws SandboxUnavailable with the remedy for this machine; EngineMissing, ImageMissing.
 */
export async function chooseWall(options: WallOptions, onEvent: (event: PhaseEvent) => void): Promise<Wall> {
  const { driver, ...containers } = options.sandbox ?? { driver: 'auto' };
  if (options.unsafeNoSandbox === true) return bubblewrapWall('none', options);
  const checked = async (wall: Wall): Promise<Wall> => {
    await wall.ready(onEvent);
    return wall;
  };
  const inContainers = () => containerWall({ ...options, ...containers });
  if (driver === 'container') return checked(inContainers());
  try {
    return await checked(bubblewrapWall('bubblewrap', options));
  } catch (error) {
    if (driver === 'bubblewrap' || !(error instanceof DrydockError)) throw error;
    try {
      return await checked(inContainers());
    } catch (other) {
      if (!(other instanceof DrydockError) || other.name !== 'EngineMissing') throw other;
      throw new DrydockError('SandboxUnavailable', `${error.message}. ${other.message}`, {
        remedy: error.remedy,
        cause: other,
      });
    }
  }
}
