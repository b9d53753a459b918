import { z } from 'zod';
import { proposedCampaign } from '../campaign/part-schema.ts';

const question = z.strictObject({
  question: z.string().min(1).max(500),
  options: z.array(z.string().min(1).max(200)).max(5).default([]),
  suggested: z.string().min(1).max(200).optional().describe('The answer that you would give.'),
});

/** The part of a spec that an agent writes; everything else of the spec is set outside of the sandbox. */
const draftedSpec = z.strictObject({
  title: z.string().min(1).max(200),
  instructions: z.string().min(1).max(50_000).describe('In Markdown: the goal, why, and what exactly is to be done.'),
  constraints: z.array(z.string().min(1).max(2_000)).max(50).default([]),
  target_paths: z.array(z.string().min(1).max(500)).max(100).default([]),
  excluded_paths: z.array(z.string().min(1).max(500)).max(100).default([]),
  success_criteria: z
    .array(
      z.union([
        z.string().min(1).max(2_000),
        z.strictObject({ says: z.string().min(1).max(2_000), run: z.string().min(1).max(4_000) }),
      ]),
    )
    .max(50)
    .default([]),
  checkpoints: z.array(z.string().min(1).max(200)).max(10).default([]),
  sandbox: z
    .strictObject({
      runtime: z.string().min(1).max(255).optional(),
      package_manager: z.string().min(1).max(50).optional(),
      setup_command: z.string().min(1).max(4_000).optional(),
      build_command: z.string().min(1).max(4_000).optional(),
      test_command: z.string().min(1).max(4_000).optional(),
    })
    .default({}),
  campaign: proposedCampaign.optional().describe('Only if the work is too large for one agent.'),
  assumptions: z.array(z.string().min(1).max(500)).max(20).default([]).describe('What you assumed without being told.'),
});

const reason = z.string().min(1).max(2_000);

/** The answer to a request in plain language (R9). Exactly one of its fields is given. */
export const draft = z
  .strictObject({
    questions: z
      .array(question)
      .min(1)
      .max(5)
      .optional()
      .describe('What you have to know before you can write a spec.'),
    spec: draftedSpec.optional(),
    advice: z
      .strictObject({ do_it_yourself: z.literal(true), reason })
      .optional()
      .describe('If the request is so small that a person does it faster than an agent.'),
    refusal: z.strictObject({ reason }).optional().describe('If the request may not be done by an agent.'),
  })
  .refine(
    (given) => Object.values(given).filter((each) => each !== undefined).length === 1,
    'Give exactly one of questions, spec, advice and refusal.',
  );
