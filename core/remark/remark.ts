import { z } from 'zod';

/** UTF-16 code units of what a person says at once, and how often people may say something in one run. */
export const maxRemark = 4_000;
export const maxRemarks = 20;

/** What a person says to the agents of a run while it is under way. */
const remark = z.strictObject({
  /** Names the remark in every list: remarks that are said at once may change their places from one list to the next. */
  key: z.string().min(1).max(64),
  /** Person id. */
  by: z.string().max(200),
  text: z.string().min(1).max(maxRemark),
  /** The agent ends its turn for it; else it gets it as its next turn. */
  now: z.boolean(),
});
export type Remark = z.infer<typeof remark>;
/** A remark as people read it. */
export type Said = Omit<Remark, 'key'>;

/** All that an agent hears, of its run and of the campaign that it is a part of, oldest first; a phase knows by the keys what its prompt has. */
export const remarks = z.array(remark).max(2 * maxRemarks);
