import type { Script } from '../../test/support/scripted-model/script.ts';
import type { EvalTask } from './tasks.ts';

type Json = Record<string, unknown>;
const plan = 'summary: As the task says\nphases:\n  - {name: all, steps: [change it, test it]}\n';

/**
 * A model that plays the session of a task. Like a model it goes by the prompt: the first rule whose texts the prompt holds. What the agent reads later
 * does not count.
 */
export const recordedModel =
  ({ session }: EvalTask): Script =>
  (request) => {
    const prompt = promptIn(JSON.parse(request) as Json);
    if (prompt.includes('Read and plan; change nothing'))
      return [
        { text: 'I plan.', steps: [{ run: `printf '${plan.replaceAll('\n', '\\n')}' > "$DRYDOCK_OUT/plan.yaml"` }] },
        { text: 'The plan is written.', steps: [] },
      ];
    const rule = session.find((each) => each.if.every((text) => prompt.includes(text)));
    return [...(rule?.do ?? []).map((step) => ({ text: 'I go on.', steps: [step] })), { text: 'Done.', steps: [] }];
  };

/** What came before the first answer, in any of the interfaces: the prompt, and what the agent adds to it. */
function promptIn({ messages, contents, input }: Json): string {
  const list = [messages, contents, input].find(Array.isArray) as Json[] | undefined;
  const answered = list?.findIndex(
    ({ role, type }) => role === 'assistant' || role === 'model' || /_call$|^reasoning$/.test(String(type)),
  );
  return textsIn(answered === undefined || answered < 0 ? list : list?.slice(0, answered)).join('\n');
}

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};
