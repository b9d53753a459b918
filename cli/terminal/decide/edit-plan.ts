import { stringify } from 'yaml';
import { DrydockError, viewError } from '../../../core/errors.ts';
import { parsePlan } from '../../../core/plan/parse.ts';
import type { GateView, Service } from '../../../pipeline/service/service.ts';
import { type Output, plain, printError } from '../output.ts';
import type { Terminal } from '../prompt.ts';
import { createDraft, type Draft } from './editor.ts';
import { choose, type Left } from './select.ts';

interface Editing {
  session: { service: Pick<Service, 'evidence'> };
  gate: GateView;
  output: Output;
  terminal: Terminal;
  asked(message: string): Parameters<typeof choose>[1];
  draft: { current?: Draft };
}

/**
 * Lets a person edit the plan, and gives the approval of the edited one. A text that is no plan is shown with its faulty
 * lines, and edited again. What was written stays until the gate is decided.
 */
export async function editPlan(editing: Editing): Promise<{ choice: 'approve'; text: string; edit: string } | Left> {
  const { session, gate, output, terminal, asked, draft } = editing;
  if (!draft.current) {
    const { plan } = await session.service.evidence(gate.runId);
    if (!plan) {
      output.err('There is no plan to edit.');
      return 'back';
    }
    const { origin: _origin, ...rest } = plan;
    draft.current = createDraft('plan.yaml', stringify(rest));
  }
  const { current } = draft;
  for (;;) {
    const problem = await editOnce(current, output);
    if (problem === undefined && !current.changed()) {
      output.err('The plan was not changed.');
      return 'back';
    }
    const message = problem ? 'The edited plan cannot be used.' : 'Approve the edited plan?';
    const next = await choose(terminal, asked(message), [
      ...(problem ? [] : [{ value: 'approve' as const, label: 'Approve the edited plan' }]),
      { value: 'again' as const, label: 'Edit it again' },
      { value: 'back' as const, label: 'Back to the choices', hint: 'the text stays' },
    ]);
    if (next === 'approve') return { choice: 'approve', text: '', edit: current.text() };
    if (next !== 'again') return next;
  }
}

/** Opens the editor, and checks the text. @returns what is wrong with it, after that was printed. */
async function editOnce(draft: Draft, output: Output): Promise<DrydockError | undefined> {
  try {
    await draft.edit();
    parsePlan(draft.text(), 'person');
    return undefined;
  } catch (error) {
    if (!(error instanceof DrydockError)) throw error;
    printError({ ...output, json: false }, viewError(error));
    for (const line of faultyLines(error.message, draft.text())) output.err(line);
    return error;
  }
}

/** The lines that a message names, as they are in the text. */
function faultyLines(message: string, text: string): string[] {
  const lines = text.split('\n');
  const named = new Set([...message.matchAll(/\bline (\d{1,6})\b/g)].map(([, n]) => Number(n)));
  return [...named].flatMap((n) => (lines[n - 1] === undefined ? [] : [`  ${n} │ ${plain(lines[n - 1] ?? '')}`]));
}
