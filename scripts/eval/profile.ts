import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startScriptedModel } from '../../test/support/scripted-model/server.ts';
import { recordedModel } from './recorded.ts';
import type { EvalPolicy } from './run-task.ts';
import type { EvalTask } from './tasks.ts';

export interface EvalOptions {
  /** A profile of the policy, or the name of an agent that Drydock knows; without one the small agent of the evals. */
  agent?: string | undefined;
  model?: string | undefined;
  provider?: string | undefined;
  policy?: string | undefined;
  /** Data folder whose installed agents are used. */
  data: string;
  recorded: boolean;
}

const usdPerMillion = { input: 3, cached_input: 0.3, output: 15 };
/** The interface in which each agent asks a recorded model. */
const kinds: Readonly<Record<string, string>> = { codex: 'openai', copilot: 'openai', gemini: 'google' };

/** The profile that works, with its provider; `close` ends a recorded model. */
export async function policyFor(task: EvalTask, options: EvalOptions): Promise<EvalPolicy & { close(): void }> {
  const base = options.policy === undefined ? {} : (parse(readFileSync(options.policy, 'utf8')) as Policy);
  const rest = {
    agentsOf: existsSync(join(options.data, 'agents')) ? options.data : undefined,
    env: process.env,
  };
  const small = (provider: string, model: string): object => ({
    kind: 'command',
    command: ['node', '/agent/agent.mjs', model],
    files: join(import.meta.dirname, '../../evals/agent'),
    provider,
    model,
    plans: true,
  });
  const profile = (provider: string, model: string): object =>
    options.agent === undefined ? small(provider, model) : { agent: options.agent, provider, model };
  if (options.recorded) {
    const model = await startScriptedModel(recordedModel(task));
    const kind = kinds[options.agent ?? ''] ?? 'anthropic';
    const policy = {
      providers: {
        recorded: { kind, base_url: kind === 'openai' ? `${model.url}/v1` : model.url, credential: 'none' },
      },
      prices: { 'recorded/model-1': usdPerMillion },
      agents: { default: 'eval', profiles: { eval: profile('recorded', 'model-1') } },
    };
    return { policy, ...rest, close: () => model.close() };
  }
  const named = options.agent === undefined ? undefined : base.agents?.profiles?.[options.agent];
  if (named === undefined && options.model === undefined)
    throw new Error(
      'Name a profile of a policy (--policy FILE --agent PROFILE), a model (--model NAME), or --recorded.',
    );
  const chosen = named ?? profile(options.provider ?? 'anthropic', options.model ?? '');
  const policy = { ...base, agents: { default: 'eval', profiles: { eval: chosen } } };
  return { policy, ...rest, close: () => undefined };
}

interface Policy {
  agents?: { profiles?: Record<string, object> };
}
