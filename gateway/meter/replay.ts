import { z } from 'zod';

/**
 * A recorded session: the model's answers, call by call. `kind` is the name of the call as in `gateway/dialects`; a call may
 * name another model than the session.
 */
export const replaySession = z.strictObject({
  provider: z.string(),
  model: z.string(),
  calls: z.array(
    z.strictObject({
      kind: z.string(),
      model: z.string().optional(),
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()),
      /** As sent, also for server-sent events; a value other than a string is sent as JSON. */
      body: z.unknown(),
    }),
  ),
});
type ReplaySession = z.infer<typeof replaySession>;

export interface ReplayAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Answers the n-th call of a model and kind with the n-th recorded answer. The request's body is ignored: its paths,
 * times and versions differ between runs.
 */
export function replayer(session: ReplaySession): (model: string, kind: string) => ReplayAnswer | undefined {
  const counts = new Map<string, number>();
  return (model, kind) => {
    const key = `${model} ${kind}`;
    const ordinal = counts.get(key) ?? 0;
    counts.set(key, ordinal + 1);
    const call = session.calls.filter((c) => c.kind === kind && (c.model ?? session.model) === model)[ordinal];
    if (call === undefined) return undefined;
    return {
      status: call.status,
      headers: call.headers,
      body: typeof call.body === 'string' ? call.body : JSON.stringify(call.body),
    };
  };
}
