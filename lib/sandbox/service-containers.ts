import type * as ecs from 'aws-cdk-lib/aws-ecs';
import { folderMbOf } from '../../sandbox/layout.ts';
import type { ServiceContainer } from '../props/services.ts';

/** A set of services of a policy: bit N is its service N. */
interface ServiceSet {
  /** 1 for the first service alone, 2 for the second, 3 for both, and so on. */
  bits: number;
  services: ServiceContainer[];
}

/** Each set of services but the empty one, by its bits. */
export const setsOf = (services: readonly ServiceContainer[]): ServiceSet[] =>
  Array.from({ length: 2 ** services.length - 1 }, (_, index) => index + 1).map((bits) => ({
    bits,
    services: services.filter((_service, at) => Math.floor(bits / 2 ** at) % 2 === 1),
  }));

/**
 * The container of a service beside a sandbox: an unprivileged user without capabilities, a read-only root, and folders in
 * memory. It has no log driver, because it has no way out; its end does not end the task, because the runner says why the
 * tests fail.
 */
export function serviceContainer(
  { name, image, user, folders, memoryMb }: ServiceContainer,
  repository: string,
): ecs.CfnTaskDefinition.ContainerDefinitionProperty {
  const [uid, gid] = user.split(':');
  const owner = [`uid=${uid}`, ...(gid === undefined ? [] : [`gid=${gid}`])];
  return {
    name,
    image: `${repository}${image}`,
    essential: false,
    memory: memoryMb,
    readonlyRootFilesystem: true,
    user,
    linuxParameters: {
      capabilities: { drop: ['ALL'] },
      initProcessEnabled: true,
      tmpfs: folders.map((containerPath) => ({
        containerPath,
        size: folderMbOf(memoryMb),
        mountOptions: ['rw', 'noexec', 'nosuid', 'nodev', 'mode=0700', ...owner],
      })),
    },
    stopTimeout: 2,
  };
}
