import { z } from 'zod';

const pinned = z.string().regex(/^\S+@sha256:[0-9a-f]{64}$/, 'Pin the image: NAME@sha256:DIGEST.');

/** An engine reads `:` and `,` in an option of a mount. */
const containerFolder = z
  .string()
  .max(200)
  .regex(/^(?:\/[A-Za-z0-9._-]+)+$/, 'Write a folder of the image, such as /run/postgresql.')
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'Write the path without . and ..')
  .refine((path) => !/^\/(?:proc|sys|dev)(?:\/|$)/.test(path), 'The kernel has this folder; name another one.');

/** MiB of a service for which the policy names no number. */
const defaultMemoryMb = 1_024;

/** The image of a service and how it runs. */
export const serviceImage = z.strictObject({
  image: pinned.describe('Container image, pinned by digest.'),
  user: z
    .string()
    .regex(/^[1-9]\d{0,8}(?::[1-9]\d{0,8})?$/, 'Write the numbers of a user that is not root: "999" or "999:999".')
    .optional()
    .describe('User as numbers, UID or UID:GID; the user of the image if left out, which may not be root.'),
  folders: z
    .array(containerFolder)
    .max(10)
    .default([])
    .describe('Folders that it writes to, besides the volumes that the image declares: empty, and in its memory.'),
  memory_mb: z
    .int()
    .min(16)
    .max(122_880)
    .default(defaultMemoryMb)
    .describe('Memory in MiB, with what is in its folders; a spec may lower it.'),
});
export type ServiceImage = z.infer<typeof serviceImage>;

/** As a policy has it: an image alone, or with what it needs. */
export const serviceImageInput = z.union([
  pinned.transform((image): ServiceImage => ({ image, folders: [], memory_mb: defaultMemoryMb })),
  serviceImage,
]);
