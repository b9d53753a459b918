import { z } from 'zod';
import { sandboxDrivers } from '../sandbox-drivers.ts';

/** A dash would make it an option of the engine. */
const imageReference = z
  .string()
  .max(500)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'Write an image such as registry.example.com/drydock@sha256:….');

/** MiB of a gateway: eight of the largest requests to a model at a time take a quarter of it. */
export const defaultGatewayMb = 1_024;

/** How sandboxes are made: on one machine, and on AWS. */
export const sandbox = z.strictObject({
  spot: z
    .boolean()
    .default(false)
    .describe('On AWS: Spot capacity for the first attempt of a phase; cheaper, and AWS may interrupt it.'),
  gateway: z
    .strictObject({
      cpu: z.number().positive().max(256).default(0.5).describe('On AWS: virtual CPUs of the gateway of a phase.'),
      memory_mb: z
        .int()
        .min(256)
        .max(1_048_576)
        .default(defaultGatewayMb)
        .describe(
          'Memory of the gateway of a phase, in MiB. With the driver `bubblewrap`, half of it limits its heap, and nothing the rest.',
        ),
    })
    .prefault({})
    .describe('Size of a gateway. On AWS, the next larger size of Fargate.'),
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
