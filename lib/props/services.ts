import type { Construct } from 'constructs';
import type { Policy } from '../../core/policy/schema.ts';
import { propError } from './prop-error.ts';

/** A container of a service beside a sandbox. */
export interface ServiceContainer {
  /** Name in the task definition. */
  name: string;
  /** Suffix to the repository's URI, `@sha256:…`. */
  image: string;
  /** `UID` or `UID:GID`. */
  user: string;
  /** Folders in memory that it writes to. */
  folders: readonly string[];
  memoryMb: number;
}

const maxServices = 4;
/** Task definitions with services. A template has at most 1 MB, a function's environment 4 KB, which name each of them. */
const maxDefinitions = 110;

/**
 * The images of services that the policy lists, in its order. They are pulled from Drydock's repository, so only their
 * digest is used. There is a task definition for each sandbox image and each set of them.
 * @param sandboxes Number of sandbox images.
 * @throws UsageError for more than the limits, and for one without a user.
 */
export function serviceContainers(scope: Construct, { services }: Policy, sandboxes: number): ServiceContainer[] {
  const all = Object.entries(services);
  if (all.length > maxServices) {
    const many = `the policy lists ${all.length} images under services; a deployment has at most ${maxServices}.`;
    throw propError(scope, 'UsageError', many);
  }
  const definitions = sandboxes * (2 ** all.length - 1);
  if (definitions > maxDefinitions) {
    const many = `${sandboxes} images of sandboxes and the sets of ${all.length} images under services`;
    const limit = `make ${definitions} task definitions; the limit is ${maxDefinitions}. Pin fewer runtimes or list fewer services.`;
    throw propError(scope, 'UsageError', `${many} ${limit}`);
  }
  return all.map(([name, { image, user, folders, memory_mb }], index) => {
    if (user === undefined) {
      const missing = `the policy's services.${name} names no user; write one that is not root: {image: …, user: "999:999"}.`;
      throw propError(scope, 'UsageError', missing);
    }
    return {
      name: `service-${index + 1}`,
      image: image.slice(image.lastIndexOf('@')),
      user,
      folders,
      memoryMb: memory_mb,
    };
  });
}
