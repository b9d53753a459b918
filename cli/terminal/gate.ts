import { isPartAction } from '../../core/campaign/part-actions.ts';
import { optionsOf } from '../../core/review/option.ts';
import type { GateOption } from '../../core/run/gate.ts';
import type { GateView, RunView, Service } from '../../pipeline/service/service.ts';
import { type Output, plain } from './output.ts';

/** What a gate asks: its title and its text. */
export const gateText = ({ title, text }: Pick<GateView, 'title' | 'text'>, output: Output): string[] => [
  '',
  output.style('bold', plain(title)),
  ...text.split('\n').map((line) => `  ${plain(line)}`.trimEnd()),
];

/** Where nobody is asked: what a gate asks, and the command for each option of a question. */
export const gateLines = (gate: GateView, output: Output): string[] => [
  ...gateText(gate, output),
  ...optionsOf(gate).map((option) => `  - ${plain(option.label)}: ${commandOf(option, gate)}`),
];

function commandOf({ does, label, text }: GateOption, { taskId: task, options }: GateView): string {
  // An option of an agent's own is never part of a command: people copy it into a shell.
  const named = isPartAction(does) || (does === 'answer' && text !== 'required' && options !== undefined);
  if (named) return `drydock answer ${task} ${JSON.stringify(plain(label))}`;
  return {
    answer: `drydock answer ${task} TEXT`,
    accept: `drydock approve ${task}`,
    reject: `drydock reject ${task} REASON`,
  }[does];
}

/** What the open gate of a run asks; empty if it does not wait for a person. */
export async function openGateLines(service: Pick<Service, 'gate'>, run: RunView, output: Output): Promise<string[]> {
  if (run.status !== 'waiting' || run.gate === null) return [];
  const gate = await service.gate(run.gate);
  return gate.status === 'pending' ? gateLines(gate, output) : [];
}
