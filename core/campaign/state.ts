import { z } from 'zod';

const digest = z.string();
const change = z.strictObject({ manifest: digest, blobs: digest });

/** A part of a campaign as the record of its parent keeps it. */
const partState = z.strictObject({
  /** Counted from 1; a part that is done again gets the next round, and with it another run. */
  round: z.int().positive(),
  runId: z.string(),
  /** `again`: a person had it done again; it starts with the next round. */
  status: z.enum(['running', 'done', 'failed', 'left-out', 'again']),
  /** Its share of the parent's cap, in micro-US-dollars. */
  capMicros: z.int().nonnegative(),
  /** Spent by this round; known once it ended. */
  spentMicros: z.int().nonnegative().exactOptional(),
  /** The changes of other parts that this round started from. */
  given: change.exactOptional(),
  /** Its result: everything that differs from the base, what was given included. */
  changeSet: change.exactOptional(),
  error: z.strictObject({ name: z.string(), message: z.string() }).exactOptional(),
  /** What a person said about doing it again. */
  hint: z.strictObject({ by: z.string(), text: z.string() }).exactOptional(),
});
export type PartState = z.infer<typeof partState>;

export const campaignState = z.strictObject({
  /** By id of the part. Parts that have not started are absent. */
  parts: z.record(z.string(), partState),
  /** Rounds that were replaced by a later one, for their cost. */
  earlier: z.array(z.strictObject({ part: z.string(), runId: z.string(), spentMicros: z.int().nonnegative() })),
  /** Parts whose change is in the integrated change set, in the order in which they were merged. */
  merged: z.array(z.string()),
  /** A part whose change conflicts with what is integrated. */
  conflict: z
    .strictObject({
      part: z.string(),
      paths: z.array(z.string()),
      /** Manifest of the integrated change with git's conflict markers. */
      marked: digest,
      /** The integrated change without the part. */
      ours: change,
      /** How a person settled it. */
      settled: z.enum(['ours', 'theirs']).exactOptional(),
    })
    .exactOptional(),
});
export type CampaignState = z.infer<typeof campaignState>;

export const emptyCampaign: CampaignState = { parts: {}, earlier: [], merged: [] };

/** Money that parts spent, and of running ones what they may spend, in micro-US-dollars. */
export function partsMicros(state: CampaignState | undefined): { spent: number; promised: number } {
  const parts = Object.values(state?.parts ?? {});
  const earlier = (state?.earlier ?? []).reduce((sum, each) => sum + each.spentMicros, 0);
  return {
    spent: parts.reduce((sum, each) => sum + (each.spentMicros ?? 0), earlier),
    promised: parts.reduce((sum, each) => sum + (each.status === 'running' ? each.capMicros : 0), 0),
  };
}
