import { createHash } from 'node:crypto';
import { DrydockError } from '../../../core/errors.ts';
import type { HostEvent } from '../../../core/ports/host/host-event.ts';
import type { Inbox } from '../../../core/ports/host/inbox.ts';
import { readEvent } from './events.ts';

/** An authenticated message of GitHub: from its webhook, or from its list of failed deliveries. */
export interface Message {
  /** The header `X-GitHub-Event`. */
  event: string;
  /** The raw body: one JSON object. */
  body: string;
}

/** A message that is not queued, for the log. `refused`: its payload lacks a field that its event must have. */
export interface Dropped {
  event: string;
  outcome: 'ignored' | 'refused';
  reason: string;
}

export interface Intake {
  inbox: Pick<Inbox, 'put'>;
  /** Told about each message that is not queued. */
  onDropped?(dropped: Dropped): void;
}

/**
 * Reads a message, once, and queues its event; every message enters here. A message that nothing is done for and a message
 * that is refused are reported and not queued: sent again, they would be the same.
 * @param payload The parsed body, where the caller has it.
 * @returns Whether something new is in the inbox.
 */
export async function takeMessage(
  { inbox, onDropped }: Intake,
  { event, body }: Message,
  payload: unknown = JSON.parse(body),
): Promise<boolean> {
  const read = readOrRefuse(event, payload);
  if ('outcome' in read) {
    onDropped?.(read);
    return false;
  }
  const id = createHash('sha256').update(event).update('\0').update(body).digest('hex');
  return inbox.put({ id, event: read });
}

function readOrRefuse(event: string, payload: unknown): HostEvent | Dropped {
  try {
    const read = readEvent(event, payload);
    return read.kind === 'nothing' ? { event, outcome: 'ignored', reason: read.why } : read;
  } catch (error) {
    if (!(error instanceof DrydockError && error.name === 'DeliveryRefused')) throw error;
    return { event, outcome: 'refused', reason: error.message };
  }
}
