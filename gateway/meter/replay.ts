import { z } from 'zod';

/**
 * A recorded session: what a model answered, call by call. `kind` is the call's name as in `dialects.ts`; a call may
 * name another model than the session's.
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
      /** As sent, server-sent events too; anything but a string is sent as JSON. */
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
 * Answers the n-th call of a model and kind with the n-th recorded one. The body asked with plays no part: paths, times
 * and versions in it differ from run to run.
 */
export function replayer(session: ReplaySession): (model: string, kind: string) => ReplayAnswer | undefined {
  const asked = new Map<string, number>();
  return (model, kind) => {
    const key = `${model} ${kind}`;
    const ordinal = asked.get(key) ?? 0;
    asked.set(key, ordinal + 1);
    const call = session.calls.filter((c) => c.kind === kind && (c.model ?? session.model) === model)[ordinal];
    if (call === undefined) return undefined;
    return {
      status: call.status,
      headers: call.headers,
      body: typeof call.body === 'string' ? call.body : JSON.stringify(call.body),
    };
  };
}
