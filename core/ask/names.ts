/** What an agent can be asked in a phase that changes nothing: one typed answer, checked outside of the sandbox. */
export const askTopics = ['draft', 'learn', 'review', 'split'] as const;
export type AskTopic = (typeof askTopics)[number];

export const isAskTopic = (name: string): name is AskTopic => (askTopics as readonly string[]).includes(name);

/** File in `$DRYDOCK_OUT` that holds the answer. */
export const answerFile = (topic: AskTopic): string => `${topic}.json`;

/** Bytes of an answer. */
export const maxAnswerBytes = 200_000;
