import { DrydockError } from '../errors.ts';
import type { Gate, GateOption, VoteChoice } from '../run/gate.ts';

/** The vote that an option casts. */
export interface OptionVote {
  choice: VoteChoice;
  text: string;
}

/** The options of a question. Options from the agent are answers; options of an escalation have an action. */
export const optionsOf = (gate: Pick<Gate, 'kind' | 'question' | 'options'>): GateOption[] =>
  gate.kind === 'question'
    ? (gate.options ?? (gate.question?.options ?? []).map((label) => ({ label, does: 'answer' as const })))
    : [];

/** The option that a text names, ignoring case, spaces and final punctuation. */
export const optionNamed = (gate: Pick<Gate, 'kind' | 'question' | 'options'>, text: string): GateOption | undefined =>
  optionsOf(gate).find(({ label }) => normalize(label) === normalize(text));

/**
 * The vote for an answer that begins with the number of an option, where the options are shown with numbers: `2`, or
 * `2: WORDS`. Undefined if it names no option; a label is never read as a number.
 * @throws AnswerInvalid when the option requires a text and there is none.
 */
export function voteForNumber(
  gate: Pick<Gate, 'kind' | 'question' | 'options'>,
  answer: string,
): OptionVote | undefined {
  if (optionNamed(gate, answer)) return undefined;
  const text = answer.trim();
  const [number = '', mark = ''] = /^#?\d{1,2}[.):]?/.exec(text)?.[0].match(/\d+|[.):]$/g) ?? [];
  const rest = text.slice(text.indexOf(number) + number.length + mark.length);
  if (number === '' || (rest !== '' && (mark === '' || !/^\s/.test(rest)))) return undefined;
  const option = optionsOf(gate)[Number(number) - 1];
  return option && voteForOption(option, rest);
}

const normalize = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/(?<![.!])[.!]+$/, '')
    .replace(/\s+/g, ' ');

/**
 * The vote for an option, with the text that the person added.
 * @throws AnswerInvalid when the option requires a text and there is none.
 */
export function voteForOption(option: GateOption, words: string): OptionVote {
  const text = words.trim();
  switch (option.does) {
    case 'reject':
      return { choice: 'reject', text: text === '' ? option.label : text };
    case 'accept':
      return { choice: 'approve', text: text === '' ? option.label : text };
    case 'redo':
    case 'leave-out':
    case 'take-ours':
    case 'take-theirs':
      // The label names the action.
      return { choice: 'answer', text: option.label };
    case 'answer':
      if (option.text !== 'required') return { choice: 'answer', text: text === '' ? option.label : text };
      if (text === '')
        throw new DrydockError('AnswerInvalid', `“${option.label}” needs a text: the agent gets it unchanged.`, {
          remedy: 'Write the hint itself as the answer.',
        });
      return { choice: 'answer', text };
  }
}

/** The vote for a typed answer: if the answer names an option, the action of the option applies. */
export function votedFor(gate: Pick<Gate, 'kind' | 'question' | 'options'>, vote: OptionVote): OptionVote {
  const option = vote.choice === 'answer' ? optionNamed(gate, vote.text) : undefined;
  return option === undefined || (option.does === 'answer' && option.text !== 'required')
    ? vote
    : voteForOption(option, '');
}

/** What an option does besides its answer. */
export const optionEffects: Record<GateOption['does'], string> = {
  answer: '',
  reject: 'ends the run',
  accept: 'approves the change as it is',
  redo: 'starts the part again',
  'leave-out': 'the campaign goes on without it',
  'take-ours': 'settles the conflict',
  'take-theirs': 'settles the conflict',
};
