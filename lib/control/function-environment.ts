import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { agentFilesPath } from '../functions/agent-files-layer.ts';
import { policyPath } from '../functions/policy-layer.ts';
import { type FunctionName, variables } from '../names.ts';
import type { Network } from '../network/network.ts';
import type { Sandbox } from '../sandbox/tasks.ts';
import type { State } from '../storage/state.ts';
import { type Need, needs } from './function-permissions.ts';
import type { Pages } from './pages.ts';

export interface EnvironmentContext {
  state: State;
  network: Network;
  sandbox: Sandbox;
  /** ARN. */
  stateMachine: string;
  /** URL. */
  queue: string;
  /** `:tag` or `@digest` of the gateway's image, then of the sandbox images. */
  images: string[];
  /** Whether the policy has ways to people besides the pages and the code host. */
  channels: boolean;
  /** Dead-letter queues. */
  deadLetters: IQueue[];
  pages: Pages | undefined;
  /** Namespace of the metrics. */
  metrics: string;
}

/** The environment of a function: only the variables that its needs include. */
export function environmentOf(
  name: FunctionName,
  { state, network, sandbox, pages, ...context }: EnvironmentContext,
): Record<string, string> {
  const sessions: Record<string, string> = pages ? { [variables.sessions]: pages.sessions } : {};
  const byNeed: Partial<Record<Need, Record<string, string>>> = {
    run: {
      [variables.runs]: state.runs,
      [variables.gates]: state.gates,
      [variables.artifacts]: state.artifacts,
      [variables.github]: state.github,
      [variables.key]: state.key,
      // For links to pages.
      ...(pages ? { [variables.pages]: pages.url } : {}),
    },
    money: { [variables.ledger]: state.ledger },
    answer: { [variables.stateMachine]: context.stateMachine },
    start: { [variables.stateMachine]: context.stateMachine },
    notify: { [variables.slack]: state.slack },
    announce: { [variables.queue]: context.queue, ...(context.channels ? { [variables.channels]: 'yes' } : {}) },
    ages: { [variables.github]: state.github, [variables.models]: state.models, [variables.slack]: state.slack },
    policy: { [variables.policy]: policyPath },
    collect: { [variables.metrics]: context.metrics },
    stop: { [variables.cluster]: sandbox.cluster },
    launch: {
      [variables.deployment]: state.deployment,
      [variables.agentFiles]: agentFilesPath,
      [variables.cluster]: sandbox.cluster,
      [variables.gatewayTask]: sandbox.gatewayTask,
      [variables.sandboxTasks]: sandbox.sandboxTasks,
      ...(sandbox.serviceTasks === undefined ? {} : { [variables.serviceTasks]: sandbox.serviceTasks }),
      [variables.sandboxCapacity]: sandbox.capacity,
      [variables.sandboxSubnets]: network.sandboxSubnets.join(','),
      [variables.sandboxGroup]: network.sandboxGroup,
      [variables.gatewaySubnets]: network.gatewaySubnets.join(','),
      [variables.gatewayGroup]: network.gatewayGroup,
    },
    diagnose: {
      [variables.github]: state.github,
      [variables.models]: state.models,
      [variables.slack]: state.slack,
      [variables.deployment]: state.deployment,
      [variables.images]: state.images,
      [variables.imageNames]: context.images.join(','),
      [variables.deadLetters]: context.deadLetters.map(({ queueUrl }) => queueUrl).join(','),
    },
    setup: { [variables.github]: state.github },
    rotate: { [variables.github]: state.github, [variables.deployment]: state.deployment, ...sessions },
    pages: pages
      ? {
          ...sessions,
          [variables.issuer]: pages.issuer,
          [variables.client]: pages.clientId,
          ...(pages.clientSecret === undefined ? {} : { [variables.clientSecret]: pages.clientSecret }),
        }
      : {},
    receive: { [variables.github]: state.github, [variables.queue]: context.queue },
  };
  return Object.assign({}, ...needs[name].map((need) => byNeed[need] ?? {})) as Record<string, string>;
}
