import { createHash } from 'node:crypto';
import { deploymentChain } from '../../core/audit/chain.ts';
import { defined } from '../../core/defined.ts';
import { isRefusal } from '../../core/errors.ts';
import type { Channel, RunEvent } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/** Something that a person did, or tried to do. */
export interface Act {
  type: string;
  text: string;
  who?: string | undefined;
  channel?: Channel | undefined;
  /** Digest or commit that it was about. */
  on?: string | undefined;
}

type AuditDeps = Pick<Deps, 'runs' | 'clock'>;

const maxText = 1_000;
const minuteMs = 60_000;

const said = ({ type, text, who, channel, on }: Act): Omit<RunEvent, 'key' | 'at'> => ({
  type,
  text: text.slice(0, maxText),
  ...defined({ who: who?.slice(0, 200), channel, on: on?.slice(0, 200) }),
});

/** Records an act that belongs to no run, in the chain of the deployment. */
export async function recordAct(deps: AuditDeps, act: Act): Promise<void> {
  const now = deps.clock.now();
  const at = new Date(now).toISOString();
  await deps.runs.append(deploymentChain, { key: `act#${digestOf([act, now])}`, at, ...said(act) });
}

/**
 * Records a refused attempt: in the chain of its run, once per act and reason, or in that of the deployment, once
 * in a minute. The refusal stands if this fails.
 * @param chain Id of the run; undefined if the attempt belongs to none.
 */
export async function recordRefusal(deps: AuditDeps, chain: string | undefined, act: Act): Promise<void> {
  const now = deps.clock.now();
  const at = new Date(now).toISOString();
  const { type, who = '', channel = '', on = '', text } = act;
  const minute = Math.floor(now / minuteMs);
  if (chain === undefined && !hasRoom(JSON.stringify([type, who, channel]), text, minute)) return;
  const key = `refused#${digestOf([type, who, channel, on, text, ...(chain === undefined ? [minute] : [])])}`;
  await deps.runs.append(chain ?? deploymentChain, { key, at, ...said(act) }).catch(() => undefined);
}

/** Does what may be refused, and records the refusal. */
export async function audited<T>(
  deps: AuditDeps,
  chain: string | undefined,
  act: Omit<Act, 'text'>,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error)) await recordRefusal(deps, chain, { ...act, text: `${error.name}: ${error.message}` });
    throw error;
  }
}

/** Different lines of one person and type in a minute; strangers are one person. */
const maxInMinute = 20;
const recent = { minute: 0, lines: new Map<string, Set<string>>() };

/** Whether a refused attempt that belongs to no run has room in its minute, so that strangers cannot fill the audit. */
function hasRoom(whose: string, text: string, minute: number): boolean {
  if (recent.minute !== minute) Object.assign(recent, { minute, lines: new Map() });
  const lines = recent.lines.get(whose) ?? new Set();
  recent.lines.set(whose, lines);
  if (lines.size >= maxInMinute) return false;
  lines.add(text);
  return true;
}

/** Records what happened on the pages beside runs. */
export const recordWebAct = (deps: AuditDeps, act: Omit<Act, 'channel'>): Promise<void> =>
  act.type.endsWith('-refused')
    ? recordRefusal(deps, undefined, { ...act, channel: 'page' })
    : recordAct(deps, { ...act, channel: 'page' });

const digestOf = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
