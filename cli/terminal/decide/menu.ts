import { optionEffects, optionsOf } from '../../../core/review/option.ts';
import type { GateOption } from '../../../core/run/gate.ts';
import type { GateView } from '../../../pipeline/service/service.ts';
import { plain } from '../output.ts';
import type { Choice } from './select.ts';

/** What a person may do at a gate, from the list of choices. */
export type Act =
  | { act: 'approve' | 'constrain' | 'edit' | 'revise' | 'reject' | 'answer' | 'read' | 'leave' }
  | { act: 'option'; option: GateOption };

/** The choices at a gate: those that the gate allows, the suggested one first, and leaving it last. */
export function choicesAt(gate: GateView): Choice<Act>[] {
  const always: Choice<Act>[] = [
    { value: { act: 'reject' }, label: 'Reject…', hint: 'ends the run' },
    { value: { act: 'leave' }, label: 'Leave it', hint: 'the run waits' },
  ];
  const read: Choice<Act> = { value: { act: 'read' }, label: 'Read the change' };
  const approve: Choice<Act> = { value: { act: 'approve' }, label: 'Approve' };
  switch (gate.kind) {
    case 'plan':
      return [
        approve,
        { value: { act: 'constrain' }, label: 'Approve with a constraint…' },
        { value: { act: 'edit' }, label: 'Edit the plan in $EDITOR…' },
        ...(gate.revisionsLeft > 0
          ? [{ value: { act: 'revise' as const }, label: 'Another plan…', hint: `${gate.revisionsLeft} left` }]
          : []),
        ...always,
      ];
    case 'review':
      return [approve, read, { value: { act: 'revise' }, label: 'Rework…' }, ...always];
    case 'question':
      return [...answersTo(gate), read, ...always];
    default:
      return [approve, read, ...always];
  }
}

function answersTo(gate: GateView): Choice<Act>[] {
  const suggested = gate.question?.suggested;
  const options = optionsOf(gate).toSorted((a, b) => Number(b.label === suggested) - Number(a.label === suggested));
  const accepts = options.some(({ does }) => does === 'accept');
  return [
    ...options.map((option): Choice<Act> => {
      const hint = [option.label === suggested ? 'suggested' : '', optionEffects[option.does]].filter(
        (each) => each !== '',
      );
      const more = option.text === 'required' ? '…' : '';
      return {
        value: { act: 'option', option },
        label: `${oneLine(option.label)}${more}`,
        ...(hint.length > 0 ? { hint: hint.join(', ') } : {}),
      };
    }),
    { value: { act: 'answer' }, label: options.length > 0 ? 'Other words…' : 'Answer…' },
    ...(gate.acceptable && !accepts
      ? [{ value: { act: 'approve' as const }, label: 'Accept the change as it is' }]
      : []),
  ];
}

const oneLine = (text: string): string => plain(text).replace(/\s+/g, ' ').trim();
