/**
 * Every error Drydock throws on purpose: a stable name, whether a retry can help, the exit code of the command, and a
 * remedy for a person. States of the machine catch these same names.
 */

/** `never`: the same input fails again. `transient`: the same call may succeed later. */
export type RetryClass = 'never' | 'transient';

interface ErrorKind {
  readonly retry: RetryClass;
  /**
   * Exit code of a command that ends with it: 1 run failed, 2 invalid or refused, 3 budget, 4 environment, 5 waiting.
   */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  readonly remedy: string;
}

const kind = (retry: RetryClass, exit: ErrorKind['exit'], remedy: string): ErrorKind => ({ retry, exit, remedy });

export const errorKinds = {
  // input and policy: no run starts
  UsageError: kind('never', 2, '`drydock --help` lists the commands, `drydock COMMAND --help` the options of one.'),
  FileUnreadable: kind('never', 2, 'Check the path and its permissions.'),
  SpecInvalid: kind('never', 2, 'Fix each problem at its line; `drydock lint FILE` lists them.'),
  PolicyInvalid: kind('never', 2, 'Fix each problem at its line; `drydock policy check` lists them.'),
  PolicyRefused: kind('never', 2, 'Change the spec, or ask the operator to change the policy.'),
  QuorumImpossible: kind('never', 2, 'Lower required_reviewers or list more approvers in the policy.'),
  UnknownCiGate: kind('never', 2, 'Define the gate under `ci:` in the policy, or remove it from the spec.'),
  UnknownRuntime: kind('never', 2, 'Use a runtime the policy lists under `runtimes:` or a built-in toolchain.'),
  UnknownAgent: kind('never', 2, 'Name a profile that the policy lists under `agents.profiles`.'),
  UnknownRepository: kind('never', 2, 'Add the repository to the policy, or pass --repo NAME=PATH.'),
  RepositoryIncomplete: kind('never', 4, 'Fetch what it lacks, or name a full clone in the policy.'),
  UnknownPrice: kind('never', 2, 'Use a model with a known price; the ledger cannot meter this one.'),
  NotBuiltYet: kind('never', 2, 'Remove the field from the spec; this version does not support it.'),
  RecordUnreadable: kind('never', 4, 'Use the version of Drydock that wrote it, or a new data folder: --data DIR.'),
  RunbookInvalid: kind('never', 2, 'Fix each problem at its line; `drydock runbook lint` lists them.'),
  RunbookNotFound: kind('never', 2, '`drydock runbook list` shows the runbooks of this repository.'),
  ParametersInvalid: kind('never', 2, 'Give each parameter as its definition says: -p NAME=VALUE.'),
  LessonsNotSynced: kind('never', 2, 'Run `drydock knowledge sync`, and commit what it wrote.'),
  LessonInvalid: kind('never', 2, 'Fix each problem at its line; `drydock knowledge lint` lists them.'),
  RunNotFound: kind('never', 2, '`drydock list` shows all runs.'),
  GateNotFound: kind('never', 2, '`drydock status RUN` shows the gate that is open.'),
  GateClosed: kind('never', 2, 'The decision is final; a new decision needs a new gate.'),
  GateExpired: kind('never', 2, 'Start a new attempt: `drydock retry RUN`.'),
  VoteRefused: kind('never', 2, 'Another approver has to vote.'),
  PersonUnknown: kind('never', 2, 'Ask the operator to add your role under `people` in the policy and to deploy it.'),
  AnswerInvalid: kind('never', 2, 'Answer the question of the gate; `drydock show RUN` prints it.'),
  PlanInvalid: kind('never', 2, 'Fix each problem at its line, and send the plan again.'),
  AlternativesExhausted: kind(
    'never',
    2,
    'Approve, edit or reject the plan; the policy limits the number of alternatives.',
  ),
  AmbiguousId: kind('never', 2, 'Type more characters of the id.'),
  RunUnfinished: kind('never', 2, 'Cancel it first, or wait: `drydock status RUN`.'),
  SecretInRequest: kind('never', 2, 'Take the secret out, and revoke it if others may have seen it.'),
  RequestRefused: kind('never', 2, 'Ask for something that the policy allows, or do it without an agent.'),
  DoItYourself: kind('never', 1, 'Do it by hand; or write a spec, if an agent has to do it.'),
  // money
  BudgetExceeded: kind('never', 3, 'Lower budget.max_usd, or ask the operator to raise the sprint budget.'),
  BudgetExhausted: kind('never', 3, 'Raise budget.max_usd in the spec within the policy, and start a new attempt.'),
  TurnsExhausted: kind('never', 3, 'Raise max_turns of the profile in the policy, and start a new attempt.'),
  // environment
  SandboxUnavailable: kind('never', 4, 'Install bubblewrap: apt-get install bubblewrap'),
  ToolMissing: kind('never', 4, 'Install the tool it names.'),
  RuntimeUnavailable: kind(
    'never',
    4,
    'Install that toolchain on this machine, ask for another one in sandbox.runtime, or drop --strict-runtime.',
  ),
  SecretMissing: kind('never', 4, 'Set the variable that it names, in the environment of drydock.'),
  ServiceRefused: kind('never', 4, 'Deploy the templates again: a part of the deployment was changed or removed.'),
  CheckFailed: kind('never', 4, 'Follow the remedy of each check that failed.'),
  ThreadLost: kind('transient', 4, 'Free memory, or lint fewer files at once, and try again.'),
  EngineMissing: kind('never', 4, 'Install a container engine: Docker, Podman or nerdctl; `drydock doctor` checks it.'),
  ImageMissing: kind(
    'never',
    4,
    'Build the images: drydock images build; or fetch them: drydock images pull. On AWS they are built after a deployment: docs/images.md.',
  ),
  ImageBuildFailed: kind('never', 4, 'Correct what the engine says; docs/containers.md has the usual causes.'),
  StackUnavailable: kind('transient', 4, 'Check that the deployment exists, and try again.'),
  DeploymentFailed: kind('never', 4, 'Mend the cause that it names, and type the same command again.'),
  DataFolderBusy: kind('transient', 4, 'Another process owns the data folder; wait for it or stop it.'),
  DataFolderExposed: kind('never', 4, 'Make it yours alone: chmod 700 DIR; or name another folder: --data DIR.'),
  // a code host
  HostUnavailable: kind('transient', 1, 'The code host does not answer; Drydock tries again.'),
  HostRateLimited: kind('transient', 1, 'The code host asks to wait; Drydock tries again later.'),
  HostForbidden: kind('never', 4, 'Install the app on the repository with the permissions `drydock doctor` lists.'),
  HostRefused: kind('never', 1, 'The code host refused the request; see its message.'),
  DeliveryRefused: kind('never', 2, 'Nothing was done; see the reason.'),
  // a phase
  BaselineRed: kind('never', 1, 'Make the tests pass on the target branch first, or list known_failures.'),
  BaselineFlaky: kind('never', 1, 'Make the tests deterministic; they failed and then passed on the same tree.'),
  BaselineTimedOut: kind('never', 1, 'Raise sandbox.timeout_minutes within the policy, or make the tests faster.'),
  InstallFailed: kind(
    'never',
    1,
    'Make the install pass in a clean checkout; `drydock egress RUN` shows what was refused to it.',
  ),
  ServiceFailed: kind(
    'never',
    1,
    'Correct the service in the spec; its log is in the evidence: `drydock show RUN --evidence`.',
  ),
  TestCommandNotFound: kind('never', 1, 'Correct sandbox.test_command, or install what it needs in setup_command.'),
  AgentFailed: kind('never', 1, 'Read the agent log: `drydock show RUN --evidence`.'),
  AgentUnavailable: kind('never', 4, 'Correct the profile, or install its agent: `drydock doctor` says what it lacks.'),
  NoChanges: kind('never', 1, 'The agent changed nothing; make the instructions more concrete.'),
  PhaseTimedOut: kind('never', 1, 'Raise sandbox.timeout_minutes within the policy, or split the task.'),
  LimitExceeded: kind('never', 1, 'Raise the limit it names in the spec within the policy.'),
  GatewayOutOfMemory: kind(
    'never',
    1,
    'Raise sandbox.gateway.memory_mb in the policy, deploy it, and start a new attempt: `drydock retry RUN`.',
  ),
  SandboxLost: kind('transient', 1, 'Start a new attempt: `drydock retry RUN`.'),
  SandboxInterrupted: kind(
    'transient',
    1,
    'AWS reclaimed the Spot capacity, and the phase is tried again; on-demand capacity avoids this.',
  ),
  CapacityMissing: kind(
    'transient',
    4,
    'Ask for more Fargate vCPUs or addresses, or lower limits.concurrent_runs_total; then `drydock retry RUN`.',
  ),
  ResultInvalid: kind(
    'never',
    1,
    '`drydock events RUN` says what came before. Try again with `drydock retry RUN`, or with another agent profile.',
  ),
  ReplayDiverged: kind(
    'never',
    1,
    'Record the session again; the agent made a call that the recording does not contain.',
  ),
  // the change
  AdvisoriesUnreadable: kind('never', 4, 'Repair or remove the file, or take guard.advisories out of the policy.'),
  GuardRefused: kind('never', 1, 'The change breaks a rule of the spec or the policy; see the violations.'),
  GuardTimedOut: kind('never', 1, 'Split the task, or keep generated and very large files out of the change.'),
  VerifyFailed: kind('never', 1, 'See the failing command in the evidence.'),
  MergeConflict: kind('never', 1, 'Rework on the new target, or resolve by hand.'),
  BranchTaken: kind(
    'never',
    1,
    'Delete or rename the branch: it holds commits of somebody else, or of a run in another data folder.',
  ),
  CiGateMissing: kind('never', 1, 'A CI gate never reported; check its name and that CI runs on pull requests.'),
  ReworkExhausted: kind('never', 1, 'Rework rounds are used up; refine the spec.'),
  NeedsPerson: kind('never', 1, 'Start the run again without --yes, and answer the question: `drydock retry RUN`.'),
  // the run
  Rejected: kind('never', 1, 'Refine the spec and start a new attempt.'),
  Cancelled: kind('never', 1, 'Start again with `drydock retry RUN`.'),
  Superseded: kind('never', 1, 'A newer version of the spec runs instead.'),
  AlreadyClaimed: kind('never', 1, 'This attempt of the spec has already run; `drydock retry RUN` starts another one.'),
  Conflict: kind('transient', 1, 'Try again.'),
  Internal: kind('never', 1, 'This is a defect in Drydock; please report it with the run id.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorName = keyof typeof errorKinds;

export class DrydockError extends Error {
  override readonly name: ErrorName;
  readonly retry: RetryClass;
  readonly exit: ErrorKind['exit'];
  readonly remedy: string;
  /** Machine-readable facts (problems, violations); never a secret. */
  readonly details: unknown;

  constructor(name: ErrorName, message: string, options: { remedy?: string; details?: unknown; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const definition = errorKinds[name];
    this.name = name;
    this.retry = definition.retry;
    this.exit = definition.exit;
    this.remedy = options.remedy ?? definition.remedy;
    this.details = options.details;
  }
}

/** An error that says what a person can do. A transient error is tried again; an internal one is a defect. */
export const isRefusal = (error: unknown): error is DrydockError =>
  error instanceof DrydockError && error.retry !== 'transient' && error.name !== 'Internal';

export const isErrorName = (name: string): name is ErrorName => Object.hasOwn(errorKinds, name);

/** The part of an error that commands print and records store. */
export interface ErrorView {
  name: string;
  message: string;
  remedy: string;
}

/** A failure that came as a name and a message, with the remedy of its kind. */
export const viewFailure = ({ name, message }: { name: string; message: string }): ErrorView => {
  const known = isErrorName(name) ? name : 'Internal';
  return { name: known, message, remedy: errorKinds[known].remedy };
};

/** Characters of a message in a cause, which may have 32,768. */
const maxCauseMessage = 16_000;

/** A failure as the cause of a state machine: the message, or JSON as Lambda's if it has a remedy of its own. */
export function causeOf({ name, message, remedy }: { name: string; message: string; remedy?: string }): string {
  const own = remedy !== undefined && remedy !== (isErrorName(name) ? errorKinds[name].remedy : undefined);
  return own ? JSON.stringify({ errorType: name, errorMessage: message.slice(0, maxCauseMessage), remedy }) : message;
}

export function viewError(error: unknown): ErrorView {
  if (error instanceof DrydockError) return { name: error.name, message: error.message, remedy: error.remedy };
  const message = error instanceof Error ? error.message : String(error);
  return { name: 'Internal', message, remedy: errorKinds.Internal.remedy };
}
