import { type StepName, stepNames } from '../pipeline/payloads.ts';

/**
 * Functions that no state of the machine calls.
 * - `settle-phase`: ECS has stopped a task; `settle-run`: an execution ended otherwise than well
 * - `reconcile`: every few minutes, what no event told
 * - `broker`: called by gateway tasks for what their grant allows
 * - `operate`: answers the command line of somebody outside; `diagnose`: tells what is missing, reads only; `setup`: stores the GitHub App
 * - `webhook`: takes a message of the code host in; `webhook-worker`: works on it
 * - `rotate`: gives secrets new values, called by Secrets Manager
 * - `pages`: what people see, only where an issuer is given that they sign in with
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

/** What functions and stacks have to agree on is with the functions. */
export {
  fargateQuota,
  gatewayPort,
  reports,
  routes,
  sealedAs,
  type ToolchainName,
  toolchainNames,
  variables,
  webhookPath,
} from '../common/deployment.ts';

/** `plan-gate` → `PlanGate`: the construct id of a function. */
export const pascal = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Name of the parameter that says where a stack is reached. @param stack Its name. */
export const stackParameter = (stack: string): string => `/drydock/stacks/${stack}`;
