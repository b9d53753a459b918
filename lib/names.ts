import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { reports } from '../common/deployment.ts';
import { deploymentNames } from '../core/deployment/names.ts';
import { type StepName, stepNames } from '../pipeline/payloads.ts';

/**
 * Functions that are not steps of the state machine.
 * - `settle-phase`: ECS has stopped a task; `settle-run`: an execution did not succeed
 * - `reconcile`: every few minutes, handles changes without an event
 * - `broker`: gateway tasks call it for the credentials of their grant
 * - `operate`: answers the command line; `diagnose`: reports what is missing, read-only; `setup`: stores the GitHub App
 * - `webhook`: receives a delivery of the code host; `webhook-worker`: processes it
 * - `rotate`: rotates secrets, called by Secrets Manager
 * - `pages`: the web pages, only if an identity provider is configured
 */
const eventFunctions = [
  'settle-phase',
  'settle-run',
  'reconcile',
  'broker',
  'webhook',
  'webhook-worker',
  'operate',
  'diagnose',
  'setup',
  'rotate',
  'pages',
] as const;
export type EventFunction = (typeof eventFunctions)[number];
export type FunctionName = StepName | EventFunction;
/** @internal for its tests */
export const functionNames: readonly FunctionName[] = [...stepNames, ...eventFunctions];

/** Names that functions and stacks share are defined with the functions. */
export {
  fargateQuota,
  gatewayPort,
  launchFaults,
  reports,
  rotationDays,
  routes,
  sealedAs,
  serviceFamily,
  type ToolchainName,
  toolchainNames,
  variables,
  webhookPath,
} from '../common/deployment.ts';

/** `plan-gate` → `PlanGate`: the construct id of a function. */
export const pascal = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Namespace of the metrics of a stack: two deployments of an account do not share alarms. */
export const metricsNamespace = (scope: IConstruct): string => `${reports.namespace}/${Stack.of(scope).stackName}`;

/** Name of the SSM parameter with the endpoints of a stack. @param stack Name of the stack. */
export const stackParameter = (stack: string): string => deploymentNames(stack).address;
