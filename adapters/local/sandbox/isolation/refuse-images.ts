import { DrydockError } from '../../../../core/errors.ts';
import type { ServiceSpec } from '../../../../core/run/phase.ts';

/** @throws SandboxUnavailable for a service with an image: that is a container, and this wall starts none. */
export function refuseImages(services: Readonly<Record<string, ServiceSpec>>): void {
  for (const [name, { image }] of Object.entries(services)) {
    if (image === undefined) continue;
    throw new DrydockError('SandboxUnavailable', `the service ${name} is the image ${image}, which needs containers`, {
      remedy: 'Give the service as a command of this machine, or run the task in containers.',
    });
  }
}
