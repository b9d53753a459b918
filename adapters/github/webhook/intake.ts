import { createHash } from 'node:crypto';
import { DrydockError } from '../../../core/errors.ts';
import type { HostEvent } from '../../../core/ports/host/host-event.ts';
import type { Inbox } from '../../../core/ports/host/inbox.ts';
import { readEvent } from './events.ts';

/** An authenticated GitHub delivery: from the webhook, or from GitHub's list of failed deliveries. */
export interface Message {
  /** The header `X-GitHub-Event`. */
  event: string;
  /** The raw body: one JSON object. */
  body: string;
}

/** A delivery that is not queued, for the log. `refused`: its payload lacks a field that its event requires. */
export interface Dropped {
  event: string;
  outcome: 'ignored' | 'refused';
  reason: string;
}

export interface Intake {
  inbox: Pick<Inbox, 'put'>;
  /** Called for each delivery that is not queued. */
  onDropped?(dropped: Dropped): void;
}

/**
 * Parses a delivery once and queues its event. Every delivery goes through here. Ignored and refused deliveries are
 * reported and not queued, because a redelivery would have the same content.
 * @param payload The parsed body, if the caller has it.
 * @returns Whether the inbox has a new event.
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
    return read.kind === 'nothing' ? { event, outcome: 'ignored', reason: read.reason } : read;
  } catch (error) {
    if (!(error instanceof DrydockError && error.name === 'DeliveryRefused')) throw error;
    return { event, outcome: 'refused', reason: error.message };
  }
}
