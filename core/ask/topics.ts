import { z } from 'zod';
import { type JsonLimits, parseJson } from '../bounded-json.ts';
import { draft } from './draft.ts';
import { learn } from './learn.ts';
import { type AskTopic, answerFile, maxAnswerBytes } from './names.ts';
import { review } from './review.ts';
import { split } from './split.ts';

/** All that differs between the topics, besides their prompts and what follows from an answer. */
const topics = {
  draft: {
    schema: draft,
    tool: 'Hands in the spec that you wrote, or your questions, your advice or your refusal. A later call replaces it.',
  },
  learn: { schema: learn, tool: 'Hands in the lessons that you propose. A later call replaces it.' },
  review: { schema: review, tool: 'Hands in what you found in the change. A later call replaces it.' },
  split: { schema: split, tool: 'Hands in the parts of the work. A later call replaces it.' },
} satisfies Record<AskTopic, { schema: z.ZodType<object>; tool: string }>;

type Topics = typeof topics;
export type Answer<T extends AskTopic> = z.output<Topics[T]['schema']>;

/** Of the tool with which an agent hands an answer in. */
export const topicTool = (topic: AskTopic): { description: string; input: z.ZodType<object> } => ({
  description: topics[topic].tool,
  input: topics[topic].schema,
});

/** The JSON of an answer; its size is bounded too. */
const limits: JsonLimits = { depth: 8, values: 10_000 };
/** How many faults a message lists. */
const maxFaults = 10;

/** Reads the answer that an agent left; the faults, for the agent, if it is invalid. It never throws. */
export function parseAnswer<T extends AskTopic>(topic: T, text: string): { answer: Answer<T> } | { faults: string } {
  const file = answerFile(topic);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > maxAnswerBytes) return { faults: `${file} has more than ${maxAnswerBytes} bytes.` };
  const json = parseJson(bytes, limits);
  if ('invalid' in json) return { faults: `${file} is not valid: ${json.invalid}.` };
  const parsed = topics[topic].schema.safeParse(json.value);
  if (parsed.success) return { answer: parsed.data as Answer<T> };
  const { issues } = parsed.error;
  const faults = issues
    .slice(0, maxFaults)
    .map((issue) => `${issue.path.map(String).join('.').slice(0, 200) || file}: ${issue.message.slice(0, 300)}`);
  return { faults: [`${file} is invalid:`, ...faults, ...(issues.length > maxFaults ? ['and more'] : [])].join('\n') };
}

/** JSON Schema of an answer. */
export const answerJsonSchema = (topic: AskTopic): object => ({
  title: `Drydock answer of a ${topic} phase`,
  ...z.toJSONSchema(topics[topic].schema, { io: 'input', target: 'draft-7' }),
});
