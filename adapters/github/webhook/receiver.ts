import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type Intake, takeMessage } from './intake.ts';

export const webhookPath = '/webhooks/github';
/** GitHub's limit for the size of a payload. */
const maxDeliveryBytes = 25 * 1024 * 1024;
/** Limit for all bodies that are being read: requests that are not authenticated yet must not exhaust the memory. */
const maxHeldBytes = 256 * 1024 * 1024;
/** GitHub's payloads have about ten levels; later processing is recursive. */
const maxNesting = 64;

/**
 * Fields that every payload of an event has. A signature covers the body but not the event's name, so a body that was
 * signed for one event must not be accepted as another.
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
  /** The secrets that are valid for signatures, newest first: one, or two during a rotation. Empty: all are refused. */
  secrets(): string[];
  /** Path of the endpoint. Default: `/webhooks/github`. */
  path?: string;
  maxBytes?: number;
  /** Called when the inbox has a new event. */
  wake?(): void;
  /** Called with the reason of each refusal, which never quotes the request. */
  onRefused?(reason: string): void;
  /** Called with the error if a delivery could not be stored. */
  onFault?(error: unknown): void;
}

/** A delivery that is answered with an error status and a reason; nothing is stored. */
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
 * The endpoint for GitHub's webhooks, `POST /webhooks/github`, as a `fetch` application. Signed, well-formed JSON is
 * parsed once and answered with 202 `{queued}`: true if its event is new and is stored durably; false if the same
 * content is stored already, if Drydock ignores the event, or if the payload is invalid, which `onDropped` gets with
 * the reason. Every other request is refused with a reason, and its body is not parsed before its signature is
 * verified.
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
    // Every secret is compared, so that the response time does not disclose which one matched.
    const valid = macs.map((mac) => timingSafeEqual(mac.digest(), signature)).includes(true);
    if (!valid) throw unsigned('The signature does not match the body and a secret that is valid here.');
    const event = c.req.header('x-github-event') ?? '';
    if (!/^[a-z_]{1,50}$/.test(event))
      throw new Refused(400, 'X-GitHub-Event is not a valid event name.', 'Send the event’s name.');
    const { body, value } = jsonObject(bytes);
    if (fields.get(event)?.some((field) => !Object.hasOwn(value, field))) {
      throw new Refused(400, `The body is not a ${event} event.`, 'Send each event under its own name.');
    }
    const queued = await takeMessage(options, { event, body }, value);
    if (queued) options.wake?.();
    return c.json({ queued }, 202);
  });

  app.notFound((c) => answer(c, new Refused(404, 'Not found.', `Send deliveries to POST ${webhookPath}.`)));
  app.onError((error, c) => {
    if (error instanceof Refused) {
      options.onRefused?.(`${error.status} ${error.message}`);
      return answer(c, error);
    }
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
  new Refused(413, `The body exceeds ${maxBytes} bytes.`, 'GitHub sends no larger payload; check the sender.');

const unsigned = (message: string): Refused =>
  new Refused(401, message, 'Set the webhook’s secret to the one that is configured here.');

function mustBeJson(c: Context): void {
  const type = c.req.header('content-type') ?? '';
  if (/^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i.test(type)) return;
  throw new Refused(
    415,
    'The content type is not application/json.',
    'Set the webhook’s content type to application/json.',
  );
}

/** The SHA-256 signature of the request. A SHA-1 signature alone is not accepted. */
function signatureOf(c: Context): Buffer {
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(c.req.header('x-hub-signature-256') ?? '') ?? [];
  if (hex === undefined) throw unsigned('X-Hub-Signature-256 is not a valid signature.');
  return Buffer.from(hex, 'hex');
}

/** The raw body. Reading stops at the size limit, whatever `Content-Length` says. */
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
      if (held.bytes > maxHeldBytes)
        throw new Refused(503, 'Too many bytes are being received at once.', 'Send it again later.');
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

/**
 * The body as text and as a parsed value. @throws Refused if it is not UTF-8, not a JSON object, or nested too deeply.
 */
function jsonObject(bytes: Buffer): { body: string; value: object } {
  const malformed = (what: string): Refused =>
    new Refused(400, what, 'GitHub’s deliveries are JSON objects; check the sender.');
  if (nesting(bytes) > maxNesting) throw malformed(`The JSON is nested more than ${maxNesting} levels deep.`);
  let body: string;
  let value: unknown;
  try {
    body = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(body);
  } catch {
    throw malformed('The body is not valid JSON in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('The JSON is not an object.');
  return { body, value };
}

const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** The nesting depth of a JSON text, without parsing it. The result for invalid JSON is unspecified. */
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
