import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type Intake, takeMessage } from './intake.ts';

export const webhookPath = '/webhooks/github';
/** GitHub sends nothing larger. */
const maxDeliveryBytes = 25 * 1024 * 1024;
/** Of bodies that are being read at a time: what is not authenticated yet must not fill the memory. */
const heldBytes = 256 * 1024 * 1024;
/** GitHub's deepest payloads have about ten levels; what works on them later is recursive. */
const deepest = 64;

/**
 * What the payloads of an event always have. A signature covers the body and not the event's name: a body that was signed
 * for one event must not come in as another.
 */
const fields = new Map(
  Object.entries({
    push: ['ref', 'after'],
    pull_request: ['pull_request'],
    pull_request_review: ['pull_request', 'review'],
    issue_comment: ['issue', 'comment'],
    check_run: ['check_run'],
    check_suite: ['check_suite'],
    status: ['sha', 'context', 'state'],
  }),
);

export interface WebhookOptions extends Intake {
  /** What may sign, newest first: one, or two during a rotation. None refuses everything. */
  secrets(): string[];
  /** Where it listens. Default: `/webhooks/github`. */
  path?: string;
  maxBytes?: number;
  /** Called when something new is in the inbox. */
  wake?(): void;
  /** Hears why a delivery could not be stored. */
  onFault?(error: unknown): void;
}

/** A delivery that is answered with a reason; nothing of it was kept. */
class Refused extends Error {
  readonly status: number;
  readonly remedy: string;
  constructor(status: number, message: string, remedy: string) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

/**
 * The front door for GitHub's webhooks: `POST /webhooks/github`, as an application that runs wherever `fetch` requests
 * come in. Signed, well-formed JSON is parsed once and answered with 202 `{queued}`: true when its event is new and stored
 * durably; false when the same content was stored before, when nothing is done for the event, and when its payload is not
 * GitHub's, which `onDropped` hears with the reason. Everything else is refused with a reason, and is not read before its
 * signature is right.
 */
export function createWebhook(options: WebhookOptions): Hono {
  const maxBytes = options.maxBytes ?? maxDeliveryBytes;
  const app = new Hono();
  const held = { bytes: 0 };

  app.all(options.path ?? webhookPath, async (c) => {
    const secrets = options.secrets().filter((secret) => secret !== '');
    if (secrets.length === 0) {
      throw new Refused(
        503,
        'No webhook secret is configured here.',
        'Set GITHUB_WEBHOOK_SECRET, or run `drydock github setup`.',
      );
    }
    if (c.req.method !== 'POST') throw new Refused(405, 'Deliveries are sent with POST.', 'Use POST.');
    mustBeJson(c);
    const declared = c.req.header('content-length');
    if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes);
    const signature = signatureOf(c);
    const macs = secrets.map((secret) => createHmac('sha256', secret));
    const bytes = await readBody(c, maxBytes, held, (chunk) => {
      for (const mac of macs) mac.update(chunk);
    });
    // Each is compared, so that the time does not tell which one was right.
    const valid = macs.map((mac) => timingSafeEqual(mac.digest(), signature)).includes(true);
    if (!valid) throw unsigned('The signature is not of this body under a secret that is valid here.');
    const event = c.req.header('x-github-event') ?? '';
    if (!/^[a-z_]{1,50}$/.test(event))
      throw new Refused(400, 'X-GitHub-Event names no event.', 'Send the event’s name.');
    const { body, value } = jsonObject(bytes);
    if (fields.get(event)?.some((field) => !Object.hasOwn(value, field))) {
      throw new Refused(400, `The body is not that of a ${event} event.`, 'Send each event under its own name.');
    }
    const queued = await takeMessage(options, { event, body }, value);
    if (queued) options.wake?.();
    return c.json({ queued }, 202);
  });

  app.notFound((c) => answer(c, new Refused(404, 'There is nothing here.', `Deliveries go to POST ${webhookPath}.`)));
  app.onError((error, c) => {
    if (error instanceof Refused) return answer(c, error);
    options.onFault?.(error);
    return answer(c, new Refused(503, 'The delivery could not be stored.', 'Send it again later.'));
  });
  return app;
}

function answer(c: Context, { status, message, remedy }: Refused): Response {
  if (status === 405) c.header('Allow', 'POST');
  return c.json({ error: { name: 'DeliveryRefused', message, remedy } }, status as 400);
}

const tooLarge = (maxBytes: number): Refused =>
  new Refused(413, `A delivery may have ${maxBytes} bytes.`, 'Nothing GitHub sends is larger; look at what sent it.');

const unsigned = (message: string): Refused =>
  new Refused(401, message, 'Give the webhook the same secret that is configured here.');

function mustBeJson(c: Context): void {
  const type = c.req.header('content-type') ?? '';
  if (/^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i.test(type)) return;
  throw new Refused(415, 'A delivery is JSON.', 'Set the webhook’s content type to application/json.');
}

/** The SHA-256 signature that the sender claims. A SHA-1 one alone does not count. */
function signatureOf(c: Context): Buffer {
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(c.req.header('x-hub-signature-256') ?? '') ?? [];
  if (hex === undefined) throw unsigned('X-Hub-Signature-256 holds no signature.');
  return Buffer.from(hex, 'hex');
}

/** The raw body, cut off as soon as it is too large, whatever its header said. */
async function readBody(
  c: Context,
  maxBytes: number,
  held: { bytes: number },
  each: (chunk: Uint8Array) => void,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.length;
      held.bytes += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (held.bytes > heldBytes) throw new Refused(503, 'Too much comes in at once.', 'Send it again later.');
      chunks.push(chunk);
      each(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(400, 'The body ended before it was complete.', 'Send it again.');
  } finally {
    held.bytes -= size;
  }
}

/** The body as text and as what it says. @throws Refused when it is not UTF-8, not a JSON object, or nested too deeply. */
function jsonObject(bytes: Buffer): { body: string; value: object } {
  const malformed = (what: string): Refused =>
    new Refused(400, what, 'A delivery of GitHub is one JSON object; look at what sent it.');
  if (nesting(bytes) > deepest) throw malformed(`The JSON is nested more than ${deepest} levels deep.`);
  let body: string;
  let value: unknown;
  try {
    body = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(body);
  } catch {
    throw malformed('The body is not JSON in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('The JSON is no object.');
  return { body, value };
}

const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** How deep the brackets of a JSON text go, without parsing it; of what is no JSON, any number. */
function nesting(bytes: Uint8Array): number {
  let [depth, deepestSeen, inString] = [0, 0, false];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (opening.has(byte)) deepestSeen = Math.max(deepestSeen, ++depth);
    else if (closing.has(byte)) depth--;
  }
  return deepestSeen;
}
