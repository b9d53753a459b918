import type { Construct } from 'constructs';
import { version } from '../../common/package-info.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { type ToolchainName, toolchainNames } from '../names.ts';
import { propError } from './prop-error.ts';

/** Digests, `sha256:` and 64 hex digits, of images in Drydock's repository. */
export type Images = Partial<Record<'gateway' | ToolchainName, string>>;

export interface SandboxImage {
  /** Name in the task definition; unique. */
  name: string;
  /** Suffix to the repository's URI: `:tag` or `@sha256:…`. */
  image: string;
  /** Runtimes in specs that use this image; a toolchain's name stands for all its runtimes. */
  runtimes: string[];
}

const digest = /^sha256:[0-9a-f]{64}$/;
/** The functions get one entry per image in their environment, which is limited to 4 KB. */
const maxPinned = 10;

/** @throws UsageError for an invalid digest, with the path of the construct. */
export function gatewayImage(scope: Construct, images: Images): string {
  return imageOf(scope, images, 'gateway');
}

/**
 * One image per toolchain, and one per image that the policy pins under `runtimes`. All are pulled from Drydock's
 * repository, the only one that the network reaches, so only the digest of a pinned image is used.
 * @throws UsageError.
 */
export function sandboxImages(scope: Construct, images: Images, policy: Policy): SandboxImage[] {
  const byDigest = new Map<string, string[]>();
  for (const [runtime, image] of Object.entries(policy.runtimes)) {
    const pinned = image.slice(image.lastIndexOf('@'));
    byDigest.set(pinned, [...(byDigest.get(pinned) ?? []), runtime]);
  }
  if (Object.keys(policy.runtimes).length > maxPinned) {
    const many = `the policy pins ${Object.keys(policy.runtimes).length} runtimes; the limit is ${maxPinned}.`;
    throw propError(scope, 'UsageError', many);
  }
  return [
    ...toolchainNames.map((name) => ({ name, image: imageOf(scope, images, name), runtimes: [name] })),
    ...[...byDigest].map(([image, runtimes]) => ({ name: `image-${image.slice(8, 20)}`, image, runtimes })),
  ];
}

function imageOf(scope: Construct, images: Images, name: keyof Images): string {
  const given = images[name];
  if (given === undefined) return `:${name}-${version()}`;
  if (digest.test(given)) return `@${given}`;
  throw propError(scope, 'UsageError', `images.${name} is "${given}"; it must be a digest, sha256: and 64 hex digits.`);
}
