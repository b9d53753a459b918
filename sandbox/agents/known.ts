import { basename } from 'node:path';
import type { Agent, AgentServer, AgentStart } from '../../core/agents/agent.ts';
import { agentOfProgram, agents } from '../../core/agents/agents.ts';
import { providerKinds } from '../../core/models/endpoint.ts';
import type { AgentSpec } from '../../core/run/phase.ts';
import type { Phase } from '../runner/phase.ts';

/** How a phase starts an agent that the product knows. */
export interface Known {
  agent: Agent;
  start: AgentStart;
}

/**
 * The agent of a profile, if the product knows it: by name, or by its program, for a profile that names program and arguments
 * itself. Any other agent gets an empty home and the environment.
 */
export function knownAgent({ spec, relay, boot }: Phase, servers: readonly AgentServer[]): Known | undefined {
  if (spec.agent === null) return undefined;
  const agent = spec.agent.known === undefined ? byProgram(spec.agent) : agents[spec.agent.known];
  if (agent === undefined) return undefined;
  const { provider = agent.kinds[0], providerKind, model } = spec.agent;
  const kind = providerKind ?? providerKinds.find((name) => name === provider) ?? agent.kinds[0];
  const base = `${relay}/model/${provider}`;
  const { agentSecret: key, paths } = boot;
  return { agent, start: agent.start({ model, provider, kind, base, key, home: paths.home, servers }) };
}

function byProgram({ command }: AgentSpec): Agent | undefined {
  for (const part of command) {
    const agent = agentOfProgram(basename(part).replace(/\.[cm]?js$/, ''));
    if (agent !== undefined) return agent;
  }
  return undefined;
}
