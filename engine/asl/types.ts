/**
 * The part of the Amazon States Language that the embedded engine runs: JSONata only, as documented under
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html. `{% … %}` strings are
 * expressions; anything else in a template is itself.
 */

/** Any JSON; strings `{% … %}` in it, however deep, are expressions. */
type Template = unknown;
type Assign = Record<string, Template>;

export interface RetryRule {
  ErrorEquals: string[];
  /** Seconds before the first retry; 1 where absent. */
  IntervalSeconds?: number;
  /** 3 where absent; 0 means never. */
  MaxAttempts?: number;
  /** 2 where absent. */
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

/** What `lambda:invoke` takes, of which the engine passes on these. */
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
