import { type Output, plain } from '../../terminal/output.ts';

/** What is there already of a step's result. */
interface Found {
  done: boolean;
  detail: string;
}

/** What only a person can do; the command ends, and goes on from here the next time. */
export interface Person {
  todo: string;
}

/** A step whose result can be looked for in the account: nothing else says whether it was done. */
export interface Step {
  name: string;
  /** What it is for, in one line. */
  why: string;
  /** What it would do, with the command that does the same. */
  would: string;
  look(): Promise<Found>;
  /** @returns What was done. @throws DrydockError with a remedy. */
  act(): Promise<string | Person>;
}

export interface StepResult {
  name: string;
  why: string;
  status: 'done' | 'did' | 'would' | 'waits';
  detail: string;
}

/**
 * Does the steps in their order, up to the first one that a person has to do.
 * @param dryRun Looks and does nothing. @param blind Does not even look, for want of credentials. @param agree Asked once, before the first step that changes something.
 */
export async function takeSteps(
  steps: readonly Step[],
  output: Output,
  { dryRun, blind, agree }: { dryRun: boolean; blind: boolean; agree(): Promise<void> },
): Promise<{ results: StepResult[]; person?: Person & { step: string } }> {
  const results: StepResult[] = [];
  let agreed = false;
  const add = (step: Step, index: number, status: StepResult['status'], detail: string): void => {
    results.push({ name: step.name, why: step.why, status, detail });
    if (!dryRun) output.err(`[${index + 1}/${steps.length}] ${step.name}: ${plain(detail)}`);
  };
  for (const [index, step] of steps.entries()) {
    const { done, detail } = blind ? { done: false, detail: '' } : await step.look();
    if (done) add(step, index, 'done', detail);
    else if (dryRun) add(step, index, 'would', step.would);
    else {
      if (!agreed) await agree();
      agreed = true;
      output.err(`[${index + 1}/${steps.length}] ${step.name}: ${step.why}`);
      const acted = await step.act();
      if (typeof acted !== 'string') {
        add(step, index, 'waits', acted.todo);
        return { results, person: { ...acted, step: step.name } };
      }
      add(step, index, 'did', acted);
    }
  }
  return { results };
}
