import { z } from 'zod';

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const ended = z.object({
  detail: z.object({
    /** The run id. */
    name: z.string(),
    status: z.enum(['ABORTED', 'FAILED', 'TIMED_OUT']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

interface EndedExecution {
  /** The run id. */
  name: string;
  /** Whether a person or the API stopped it. */
  stopped: boolean;
  /** A text for people. */
  reason: string;
}

/** The event about an execution that ended without success. @throws ZodError for any other event. */
export function readEnded(event: unknown): EndedExecution {
  const { name, status, error, cause } = ended.parse(event).detail;
  const reason = cause ?? `The execution ended as ${status}${error ? ` (${error})` : ''}.`;
  return { name, stopped: status === 'ABORTED', reason };
}
