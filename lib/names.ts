import type { Construct } from 'constructs';
import { DrydockError, type ErrorName } from '../core/errors.ts';
import { type StepName, stepNames } from '../pipeline/payloads.ts';

/** Where a gateway listens, for sandboxes only. */
export const gatewayPort = 8443;

/** Functions that no state of the machine calls. `settle-phase` hears from ECS that a task has stopped. */
export const eventFunctions = ['settle-phase'] as const;
export type FunctionName = StepName | (typeof eventFunctions)[number];
export const functionNames: readonly FunctionName[] = [...stepNames, ...eventFunctions];

/** What the functions read from their environment: names and addresses, never a secret. */
export const variables = {
  runs: 'DRYDOCK_RUNS_TABLE',
  ledger: 'DRYDOCK_LEDGER_TABLE',
  gates: 'DRYDOCK_GATES_TABLE',
  artifacts: 'DRYDOCK_ARTIFACTS_BUCKET',
  /** ARN of the key that task tokens are sealed under. */
  key: 'DRYDOCK_KEY_ARN',
  stateMachine: 'DRYDOCK_STATE_MACHINE_ARN',
  /** ARNs of secrets; their values are fetched when needed. */
  github: 'DRYDOCK_GITHUB_SECRET_ARN',
  models: 'DRYDOCK_MODELS_SECRET_ARN',
  deployment: 'DRYDOCK_DEPLOYMENT_SECRET_ARN',
  cluster: 'DRYDOCK_CLUSTER_ARN',
  /** Task definitions with their revision: a run under way keeps to the revision its function was deployed with. */
  sandboxTask: 'DRYDOCK_SANDBOX_TASK_ARN',
  gatewayTask: 'DRYDOCK_GATEWAY_TASK_ARN',
  /** Subnet ids, separated by commas. */
  sandboxSubnets: 'DRYDOCK_SANDBOX_SUBNETS',
  sandboxGroup: 'DRYDOCK_SANDBOX_SECURITY_GROUP',
  gatewaySubnets: 'DRYDOCK_GATEWAY_SUBNETS',
  gatewayGroup: 'DRYDOCK_GATEWAY_SECURITY_GROUP',
} as const;

/** `plan-gate` → `PlanGate`: the construct id of a function. */
export const pascal = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** An error of a prop says which construct of the consumer's tree it is about. */
export const propError = (scope: Construct, name: ErrorName, message: string): DrydockError =>
  new DrydockError(name, `${scope.node.path}: ${message}`, { remedy: 'Correct the prop of that construct.' });
