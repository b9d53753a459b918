import type { ContainerOverride } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { type ImageService, serviceFamily } from '../../../core/services/forms.ts';

/** The task definitions of a deployment that contain services; `serviceTasks` in common/deployment.ts describes the fields. */
export const serviceTasks = z.strictObject({
  images: z.array(z.string().regex(/^[0-9a-f]{12}$/)),
  revisions: z.record(z.string(), z.string()),
});
export type ServiceTasks = z.infer<typeof serviceTasks>;

/**
 * The task definition of a sandbox with exactly these services, and what their containers are told.
 * @param sandbox Its runtime in the deployment, and the definition without services, `family:revision`.
 * @throws ImageMissing for a service that the deployment has no container for.
 */
export function withServices(
  sandbox: { runtime: string; definition: string },
  { images, revisions }: ServiceTasks,
  services: readonly ImageService[],
): { definition: string; overrides: ContainerOverride[] } {
  const used = new Set<number>();
  const overrides = services.map(({ name, image, env, memoryMb }) => {
    const at = images.findIndex((start, index) => image.includes(`@sha256:${start}`) && !used.has(index));
    if (at < 0) {
      throw new DrydockError('ImageMissing', `This deployment has no container of ${image} for the service ${name}.`, {
        remedy: 'Deploy again with the policy that lists the image under services.',
      });
    }
    used.add(at);
    return {
      name: `service-${at + 1}`,
      environment: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
      ...(memoryMb === undefined ? {} : { memory: memoryMb }),
    };
  });
  if (used.size === 0) return { definition: sandbox.definition, overrides };
  const bits = [...used].reduce((sum, at) => sum + 2 ** at, 0);
  const revision = Object.hasOwn(revisions, sandbox.runtime) ? revisions[sandbox.runtime]?.split(',')[bits - 1] : '';
  const family = sandbox.definition.slice(0, sandbox.definition.lastIndexOf(':'));
  return { definition: `${serviceFamily(family, String(bits))}:${revision}`, overrides };
}
