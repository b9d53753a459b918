import type { Messages } from '../../core/ports/runtime/notifier.ts';
import { type Gate, isWait } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import { gateNotice } from './gate-notice.ts';

const hourMs = 3_600_000;

/** The reminder of a gate that is due: the last one whose time has come, so that nobody gets two at once. */
function dueReminder(gate: Gate, hoursBefore: readonly number[], now: number): number | undefined {
  const [opened, expires] = [Date.parse(gate.openedAt), Date.parse(gate.expiresAt)];
  if (isWait(gate.kind) || gate.status !== 'pending' || now >= expires) return undefined;
  // A reminder right after the first message would only repeat it.
  return hoursBefore
    .filter((hours) => now >= expires - hours * hourMs && expires - hours * hourMs > opened)
    .sort((a, b) => a - b)[0];
}

/** Whether a gate has a reminder that is due. */
export const isToBeReminded = (gate: Gate, hoursBefore: readonly number[], now: number): boolean =>
  dueReminder(gate, hoursBefore, now) !== undefined;

/** Reminds the people who may decide on a gate before it expires, once for each of the policy's times. @returns Whether it did. */
export async function remind(
  deps: Deps,
  messages: Messages,
  gate: Gate,
  hoursBefore: readonly number[],
): Promise<boolean> {
  const hours = dueReminder(gate, hoursBefore, deps.clock.now());
  if (hours === undefined) return false;
  const key = `expiring#${gate.gateId}#${hours}`;
  if (await messages.known(key)) return false;
  const record = await deps.runs.get(gate.runId);
  if (!record || record.gate !== gate.gateId) return false;
  await messages.notify(await gateNotice(deps, record, gate, { key, kind: 'expiring' }));
  return true;
}
