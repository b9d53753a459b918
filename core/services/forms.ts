import { DrydockError } from '../errors.ts';
import type { ServiceSpec } from '../run/phase.ts';

/** A service that runs as a container. */
export interface ImageService extends ServiceSpec {
  name: string;
  image: string;
}

/** Services with an image, in the order of the spec. */
export const imageServices = (services: Readonly<Record<string, ServiceSpec>> = {}): ImageService[] =>
  Object.entries(services).flatMap(([name, { image, ...service }]) =>
    image === undefined ? [] : [{ ...service, name, image }],
  );

/**
 * Where the sandbox is a container, a command has no layer of its own: it could write to the tree while that is recorded.
 * @throws NotBuiltYet for a service that is a command.
 */
export function refuseCommandServices(services: Readonly<Record<string, ServiceSpec>> = {}): void {
  for (const [name, { command }] of Object.entries(services)) {
    if (command === undefined) continue;
    throw new DrydockError('NotBuiltYet', `the service ${name} is a command, which cannot run in a container`, {
      remedy: 'Give it as an image that the policy lists under `services`, or run the task with --sandbox bubblewrap.',
    });
  }
}

/** On AWS: family of a task definition with services, from that without. @param bits Which of the policy's services. */
export const serviceFamily = (family: string, bits: string): string => `${family}-services-${bits}`;
