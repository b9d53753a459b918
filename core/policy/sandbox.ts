import { z } from 'zod';

/** Ways to make a sandbox on one machine. */
export const sandboxDrivers = ['auto', 'bubblewrap', 'container'] as const;

/** A dash would make it an option of the engine. */
const imageReference = z
  .string()
  .max(500)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'Write an image such as registry.example.com/drydock@sha256:….');

/** How sandboxes are made: on one machine, and on AWS. */
export const sandbox = z.strictObject({
  spot: z
    .boolean()
    .default(false)
    .describe('On AWS: Spot capacity for the first attempt of a phase; cheaper, and AWS may interrupt it.'),
  driver: z
    .enum(sandboxDrivers)
    .default('auto')
    .describe(
      'On one machine: `bubblewrap`, `container`, or `auto`: bubblewrap where it works, else a container engine.',
    ),
  runtime: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'Write a runtime that the engine knows, such as "runsc" or "kata".')
    .optional()
    .describe('Runtime of the container engine, such as `runsc` (gVisor) or `kata`.'),
  images: z
    .strictObject({
      base: imageReference.optional().describe('Debian trixie that images are built on here.'),
      registry: imageReference
        .optional()
        .describe('Repository of `drydock images pull`, such as ghcr.io/acme/drydock.'),
    })
    .prefault({})
    .describe('Images of the driver `container`.'),
});
