import { z } from 'zod';
import { agents as agentsByName } from '../agents/agents.ts';
import { agentNames } from '../agents/names.ts';
import * as field from '../task-spec/fields.ts';

export const providerName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'Write a provider such as "google".');
const modelId = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'Write a model id.');

const profile = z
  .strictObject({
    agent: z
      .enum(agentNames)
      .optional()
      .describe('An agent that Drydock knows how to install, start and read: `drydock agents list`.'),
    kind: z
      .enum(['command', 'acp'])
      .optional()
      .describe('For any other agent. `command`: any program. `acp`: a program that speaks the Agent Client Protocol.'),
    command: z
      .array(z.string().min(1).max(4_000))
      .min(1)
      .max(100)
      .optional()
      .describe('Program and arguments of any other agent; no shell.'),
    provider: providerName.optional(),
    model: z
      .union([modelId, z.array(modelId).min(1).max(10)])
      .optional()
      .describe('Id of a model. Of several, the next one is asked when the provider answers one with 429 or 5xx.'),
    max_turns: z.int().positive().max(20_000).optional().describe('Calls of the model in one phase, at most.'),
    files: z.string().min(1).max(1_000).optional().describe('Folder that is mounted read-only at /agent.'),
    plans: z
      .boolean()
      .optional()
      .describe('Whether the agent is started in Plan. Default: true for `agent` and `acp`.'),
  })
  .check(({ value, issues }) => {
    const missing = (name: string) =>
      issues.push({ code: 'invalid_type', expected: 'string', path: [name], input: undefined });
    if (value.agent === undefined) {
      if (value.kind === undefined) missing('kind');
      if (value.command === undefined) missing('command');
      return;
    }
    const { title, kinds } = agentsByName[value.agent];
    for (const name of ['kind', 'command'] as const) {
      if (value[name] === undefined) continue;
      issues.push({ code: 'custom', message: `${title} is known: leave ${name} out.`, path: [name], input: value });
    }
    if (value.model === undefined)
      issues.push({
        code: 'custom',
        message: `Name a model for ${title}, such as one of ${kinds[0]}.`,
        path: ['agent'],
        input: value,
      });
  })
  .transform(({ agent, kind = 'command', command = [], model = [], ...given }) => {
    const [first, ...fallbacks] = typeof model === 'string' ? [model] : model;
    const known = agent === undefined ? undefined : agentsByName[agent];
    return {
      ...given,
      ...(agent === undefined ? {} : { agent }),
      kind: known?.driver ?? kind,
      command: known === undefined ? command : [known.program],
      ...(known === undefined || given.provider !== undefined ? {} : { provider: known.kinds[0] }),
      ...(first === undefined ? {} : { model: first }),
      ...(fallbacks.length === 0 ? {} : { fallbacks }),
      plans: given.plans ?? (agent !== undefined || kind === 'acp'),
    };
  });

/**
 * Agents that were parsed once, as a person would write them: what follows from the name of an agent may not be written, and
 * models are a list.
 */
export function agentsAsWritten(parsed: unknown): unknown {
  if (!isMap(parsed) || !isMap(parsed.profiles)) return parsed;
  const profiles = Object.entries(parsed.profiles).map(([name, each]) => {
    if (!isMap(each)) return [name, each];
    const { fallbacks, ...profile } = each;
    if (profile.agent !== undefined) {
      delete profile.kind;
      delete profile.command;
    }
    return [name, Array.isArray(fallbacks) ? { ...profile, model: [profile.model, ...fallbacks] } : profile];
  });
  return { ...parsed, profiles: Object.fromEntries(profiles) };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Agents of a policy that lists none. */
export const builtInAgents = {
  default: 'gemini',
  profiles: {
    gemini: { kind: 'acp' as const, command: ['gemini', '--acp'], provider: 'google', model: 'gemini-2.5-pro' },
  },
};

export const agents = z
  .strictObject({ default: field.name.optional(), profiles: z.record(field.name, profile) })
  .transform((given) => ({ ...given, default: given.default ?? onlyProfile(given.profiles) }));

/** A policy with one profile need not name it; `defaultFault` reports that several have no default. */
function onlyProfile(profiles: object): string {
  const [name = '', ...others] = Object.keys(profiles);
  return others.length === 0 ? name : '';
}

/** Why no profile is the default one. */
export function defaultFault(given: z.output<typeof agents>): { message: string; path: string[] } | undefined {
  const names = Object.keys(given.profiles);
  if (names.length === 0) return { message: 'agents.profiles: List at least one profile.', path: ['profiles'] };
  if (given.default === '')
    return { message: `agents.default: Name one of the profiles: ${names.join(', ')}.`, path: ['default'] };
  if (names.includes(given.default)) return undefined;
  return {
    message: `agents.default: "${given.default}" is not among the profiles: ${names.join(', ')}.`,
    path: ['default'],
  };
}

/** The globs of all models of the providers that profiles name. */
export const providersOf = (profiles: Record<string, { provider?: string | undefined }>): string[] => [
  ...new Set(Object.values(profiles).flatMap(({ provider }) => (provider === undefined ? [] : [`${provider}/*`]))),
];
