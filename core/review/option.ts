import { DrydockError } from '../errors.ts';
import type { Gate, GateOption, VoteChoice } from '../run/gate.ts';

/** The vote that an option stands for. */
export interface OptionVote {
  choice: VoteChoice;
  text: string;
}

/** The options of a question. The agent's own are answers; those of an escalation carry their action. */
export const optionsOf = (gate: Pick<Gate, 'kind' | 'question' | 'options'>): GateOption[] =>
  gate.kind === 'question'
    ? (gate.options ?? (gate.question?.options ?? []).map((label) => ({ label, does: 'answer' as const })))
    : [];

/** The option that a text names, however it is written. */
export const optionNamed = (gate: Pick<Gate, 'kind' | 'question' | 'options'>, text: string): GateOption | undefined =>
  optionsOf(gate).find(({ label }) => normal(label) === normal(text));

const normal = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[.!]+$/, '')
    .replace(/\s+/g, ' ');

/**
 * What choosing an option does, with the words that a person added to it.
 * @throws AnswerInvalid when the option is nothing without words.
 */
export function voteForOption(option: GateOption, words: string): OptionVote {
  const text = words.trim();
  switch (option.does) {
    case 'reject':
      return { choice: 'reject', text: text === '' ? option.label : text };
    case 'accept':
      return { choice: 'approve', text: text === '' ? option.label : text };
    case 'answer':
      if (option.text !== 'required') return { choice: 'answer', text: text === '' ? option.label : text };
      if (text === '')
        throw new DrydockError('AnswerInvalid', `“${option.label}” needs words: the agent gets them as they are.`, {
          remedy: 'Write the hint itself as the answer.',
        });
      return { choice: 'answer', text };
  }
}

/** A vote as typed: an answer that only names an option does what the option says. */
export function votedFor(gate: Pick<Gate, 'kind' | 'question' | 'options'>, vote: OptionVote): OptionVote {
  const option = vote.choice === 'answer' ? optionNamed(gate, vote.text) : undefined;
  return option === undefined || (option.does === 'answer' && option.text !== 'required')
    ? vote
    : voteForOption(option, '');
}
