/**
 * The part of the Amazon States Language that the embedded engine runs: JSONata only, as documented under
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html. `{% … %}` strings are
 * expressions; anything else in a template is literal.
 */

/** Any JSON; strings `{% … %}` at any depth are expressions. */
type Template = unknown;
type Assign = Record<string, Template>;

export interface RetryRule {
  ErrorEquals: string[];
  /** Seconds before the first retry; default 1. */
  IntervalSeconds?: number;
  /** Default 3; 0 means never. */
  MaxAttempts?: number;
  /** Default 2. */
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'FULL' | 'NONE';
}

export interface CatchRule {
  ErrorEquals: string[];
  Next: string;
  Assign?: Assign;
  Output?: Template;
}

export interface ChoiceRule {
  Condition: string;
  Next: string;
  Assign?: Assign;
  Output?: Template;
}

interface Common {
  Comment?: string;
  Assign?: Assign;
  Output?: Template;
}

type Leaving = { Next: string; End?: never } | { End: true; Next?: never } | { Next?: string; End?: true };

/** The arguments of `lambda:invoke` that the engine supports. */
interface TaskArguments {
  FunctionName: string;
  Payload?: Template;
}

export type TaskState = Common &
  Leaving & {
    Type: 'Task';
    Resource: string;
    Arguments: TaskArguments;
    /** Seconds, or an expression. Required here: a task without one can hang for a year. */
    TimeoutSeconds: number | string;
    Retry?: RetryRule[];
    Catch?: CatchRule[];
  };
type PassState = Common & Leaving & { Type: 'Pass' };
export type WaitState = Common & Leaving & { Type: 'Wait'; Seconds?: number | string; Timestamp?: string };
export type ChoiceState = Common & { Type: 'Choice'; Choices: ChoiceRule[]; Default?: string };
type SucceedState = { Type: 'Succeed'; Comment?: string; Output?: Template };
export type FailState = { Type: 'Fail'; Comment?: string; Error?: string; Cause?: string };

export type State = TaskState | PassState | WaitState | ChoiceState | SucceedState | FailState;

export interface StateMachine {
  Comment?: string;
  QueryLanguage: 'JSONata';
  StartAt: string;
  /** Seconds of a whole execution. */
  TimeoutSeconds?: number;
  States: Record<string, State>;
}

export const invokeResource = 'arn:aws:states:::lambda:invoke';
export const waitResource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
