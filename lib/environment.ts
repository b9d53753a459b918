import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { type FunctionName, variables } from './names.ts';
import { type Need, needs } from './needs.ts';
import type { Network } from './network.ts';
import { policyPath } from './policy-layer.ts';
import type { Sandbox } from './sandbox.ts';
import type { State } from './state.ts';

export interface Places {
  state: State;
  network: Network;
  sandbox: Sandbox;
  /** ARN. */
  stateMachine: string;
  /** URL. */
  queue: string;
  /** `:tag` or `@digest` each. */
  images: string[];
  /** Queues of what could not be worked off. */
  deadLetters: IQueue[];
}

/** Names and addresses; a function without a need does not get the names that belong to it. */
export function environmentOf(name: FunctionName, { state, network, sandbox, ...at }: Places): Record<string, string> {
  const byNeed: Partial<Record<Need, Record<string, string>>> = {
    run: {
      [variables.runs]: state.runs,
      [variables.gates]: state.gates,
      [variables.artifacts]: state.artifacts,
      [variables.github]: state.github,
      [variables.key]: state.key,
    },
    money: { [variables.ledger]: state.ledger },
    answer: { [variables.stateMachine]: at.stateMachine },
    start: { [variables.stateMachine]: at.stateMachine },
    notify: { [variables.slack]: state.slack },
    ages: { [variables.github]: state.github, [variables.models]: state.models, [variables.slack]: state.slack },
    policy: { [variables.policy]: policyPath },
    stop: { [variables.cluster]: sandbox.cluster },
    launch: {
      [variables.deployment]: state.deployment,
      [variables.cluster]: sandbox.cluster,
      [variables.sandboxTask]: sandbox.sandboxTask,
      [variables.gatewayTask]: sandbox.gatewayTask,
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
      [variables.imageNames]: at.images.join(','),
      [variables.deadLetters]: at.deadLetters.map(({ queueUrl }) => queueUrl).join(','),
    },
    setup: { [variables.github]: state.github },
    receive: { [variables.github]: state.github, [variables.queue]: at.queue },
  };
  return Object.assign({}, ...needs[name].map((need) => byNeed[need] ?? {})) as Record<string, string>;
}
