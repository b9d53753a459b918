/** What a run of its own asks an agent, besides the runs of tasks; `review` is a phase of those. */
export const askKinds = ['draft', 'learn', 'split'] as const;
export type AskKind = (typeof askKinds)[number];
