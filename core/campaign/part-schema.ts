import { z } from 'zod';
import * as field from '../task-spec/fields.ts';
import { graphFaults } from './graph.ts';
import type { Part } from './part.ts';
import { mergedLabel } from './resolve.ts';

/** Parts of one campaign; more are several campaigns. */
const maxParts = 50;

/** `merged` names the other side in conflict markers; the other one is a member of every object. */
const reserved: ReadonlySet<string> = new Set([mergedLabel, 'constructor']);

const criterion = z.union([field.prose(2_000), z.strictObject({ says: field.prose(2_000), run: field.command })]);

/** One share of a campaign: what one agent does, where, and after which other parts. */
const partSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'Use 1 to 31 small letters, digits and dashes.')
    .refine((id) => !reserved.has(id), 'This word is reserved; use another one.')
    .describe('Name of the part, unique in the campaign.'),
  role: field.line(200).optional().describe('What the agent is in this campaign, such as "backend engineer".'),
  title: field.line(200),
  instructions: field.prose(20_000).describe('Instructions for the agent of this part.'),
  target_paths: z.array(field.repositoryPath).min(1).max(200).describe('The only paths that this part may change.'),
  excluded_paths: z.array(field.repositoryPath).max(200).default([]).describe('Paths that it may not change.'),
  depends_on: z.array(z.string().max(31)).max(50).default([]).describe('Parts whose changes it starts from.'),
  success_criteria: z.array(criterion).max(50).default([]),
  agent: field.name.optional().describe('Agent profile of the policy; that of the spec if left out.'),
  usd: field.usd.optional().describe("Its share of the run's maximum cost, in US dollars; an equal share if left out."),
});

/** Parts as a list; a graph that cannot be carried out is a fault of the field that causes it. */
export const partsSchema = z
  .array(partSchema)
  .min(2, 'A campaign has at least two parts; leave the field out for one agent.')
  .max(maxParts)
  .check(({ value, issues }) => {
    for (const { path, message } of graphFaults(value)) issues.push({ code: 'custom', message, path, input: value });
  });

/** The field `campaign` of a spec. */
export const campaignSchema = z
  .strictObject({
    parts: partsSchema.optional().describe('The parts; the coordinator proposes them in its plan if left out.'),
    max_parts: z.int().min(2).max(maxParts).default(8).describe('Parts that the plan may have.'),
    max_parallel: z.int().min(1).max(maxParts).default(3).describe('Parts that run at the same time.'),
    coordinator: field.name
      .optional()
      .describe('Agent profile that plans, resolves conflicts and corrects the whole; that of the spec if left out.'),
  })
  .check(({ value, issues }) => {
    const count = value.parts?.length ?? 0;
    if (count > value.max_parts)
      issues.push({
        code: 'custom',
        message: `${count} parts are more than max_parts.`,
        path: ['parts'],
        input: value,
      });
  });
export type CampaignSpec = z.infer<typeof campaignSchema>;

/** A campaign as an agent writes it, who chooses neither the profiles nor the money of its agents. */
export const proposedCampaign = campaignSchema.check(({ value, issues }) => {
  if (value.coordinator !== undefined)
    issues.push({ code: 'custom', message: notChosen, path: ['coordinator'], input: value });
  for (const path of chosenIn(value.parts))
    issues.push({ code: 'custom', message: notChosen, path: ['parts', ...path], input: value });
});

/** Parts as an agent writes them outside of a plan, which nobody approves before they are in a spec. */
export const proposedParts = partsSchema.check(({ value, issues }) => {
  for (const path of chosenIn(value)) issues.push({ code: 'custom', message: notChosen, path, input: value });
});

const notChosen = 'Leave it out: a person chooses profiles and money.';

const chosenIn = (parts: readonly Part[] = []): [number, 'agent' | 'usd'][] =>
  parts.flatMap((part, i) =>
    (['agent', 'usd'] as const).flatMap((field): [number, 'agent' | 'usd'][] =>
      part[field] === undefined ? [] : [[i, field]],
    ),
  );
