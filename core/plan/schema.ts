import { z } from 'zod';
import { storedPart } from '../campaign/part.ts';

const text = z.string().max(4_000);
const list = z.array(text).max(100).default([]);
const path = z.string().min(1).max(1_000);

const planPhase = z.strictObject({
  name: z.string().min(1).max(200),
  /** Paths or globs this phase may change; a changed file that no phase names is shown as not planned. */
  files: z.array(path).max(500).default([]),
  steps: list,
  tests: list,
  /** Free text such as `20 minutes`; never used in arithmetic. */
  estimate: z.string().max(200).optional(),
  /** A pause for a person after this phase (R21). */
  checkpoint: z.boolean().default(false),
});

/** The plan that a person approves before the build starts (R20, R33). */
export const plan = z.strictObject({
  /**
   * `agent`: written by the agent in the plan phase. `spec`: derived from the spec because the profile does not plan.
   */
  origin: z.enum(['agent', 'spec', 'person']).default('agent'),
  summary: text.default(''),
  analysis: z.strictObject({ touch_points: list, dependencies: list }).default({ touch_points: [], dependencies: [] }),
  research: z
    .array(z.strictObject({ claim: text, source: text }))
    .max(100)
    .default([]),
  phases: z.array(planPhase).min(1).max(50),
  /** Of a campaign: what each agent does. */
  parts: z.array(storedPart).optional(),
  impact: z
    .strictObject({ components: list, breaking_changes: list })
    .default({ components: [], breaking_changes: [] }),
  risks: list,
  rollback: text.default(''),
});

export type Plan = z.infer<typeof plan>;
