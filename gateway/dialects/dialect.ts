import { z } from 'zod';
import type { ModelEndpoint } from '../../core/models/endpoint.ts';

/** What a request carries besides text. The vendor makes tokens of it that its size in bytes does not bound. */
export interface Media {
  /** Number of images, and the length of their base64 text. */
  images: number;
  imageBytes: number;
  /** Documents, audio and video: a few bytes may become as many tokens as the model takes. */
  unbounded: number;
}

/** The properties of a request to a vendor's API that matter for price and safety. */
export interface ModelRequest {
  /** Vendor's name of the call, with `.stream` for a streamed answer; recorded sessions are matched by it. */
  kind: string;
  model: string;
  /** Free calls (token counts) have no usage. */
  free: boolean;
  /** The form in which the answer reports its usage. */
  usage: UsageForm;
  /** Maximum number of tokens of an answer; `undefined` if the request sets none. */
  maxOutput: number | undefined;
  /** Tokens that the model may think, which a lower limit for its answer must leave room for; 0 without. */
  thinking: number;
  /** Features that the body asks for by name (Anthropic). */
  betas?: readonly string[] | undefined;
  /** Number of answers requested. */
  answers: number;
  /** Whether it refers to content stored at the vendor, so that its own length is not a bound. */
  refersOutside: boolean;
  media: Media;
  /** A tool that the vendor runs, and whose traffic the gateway does not see; `undefined` if there is none. */
  hostedTool: string | undefined;
  /** The first field that is not let through; `undefined` if all are. */
  refusedField: string | undefined;
  /** The body to send with at most this number of output tokens. */
  limited(maxOutput: number): Record<string, unknown>;
  /** Fields that are sent with every call, because their default may cost more. */
  pinned: Record<string, unknown>;
}

/** The forms in which vendors report usage; `converse` is that of Amazon Bedrock. */
export type UsageForm = 'anthropic' | 'google' | 'chat' | 'responses' | 'converse';

export interface Dialect {
  /** Base URL of an endpoint that names none. */
  baseUrl(endpoint: ModelEndpoint): string;
  /** Path of a call below the base URL. */
  target(path: string, endpoint: ModelEndpoint): string;
  /** Header for the key, and the prefix of its value. */
  key: { header: string; prefix: string };
  /** Parameters of the query that are let through, as `name=value`. */
  query: readonly string[];
  /** Whether the gateway allows the call. Known before a body is read. */
  allows(method: string, path: string): boolean;
  /** `undefined` if the gateway does not allow the call. It never throws, whatever the body is. */
  read(method: string, path: string, body: Record<string, unknown>): ModelRequest | undefined;
  /** The same call for another model. */
  forModel(path: string, body: Record<string, unknown>, model: string): { path: string; body: Record<string, unknown> };
}

/** For vendors that read the model from the body. */
export const modelInBody: Dialect['forModel'] = (path, body, model) => ({ path, body: { ...body, model } });

/** A positive integer; anything else is as if it were missing. */
export const count = z.number().int().positive().optional().catch(undefined);
/** Name of a model. It is part of each entry of the meter log. */
const maxModel = 200;
export const modelName = z.string().max(maxModel);
/** Text that the vendor reads as text, and never as an address. */
export const text = z.string();
/** Data of the user that the vendor passes on to the model: a schema of a tool, its arguments, its answer. */
export const opaque = z.unknown().optional();
/** A text of a request, which need not be one; other values are refused by the table. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** The model that a request names. A longer name is refused by the table. */
export const modelOf = (body: Record<string, unknown>): string => textOf(body.model).slice(0, maxModel);

/** How a tool of a type that the gateway does not know is named. */
export const unknownTool = (type: unknown): string => textOf(type).slice(0, 100) || 'a tool without a type';

/** How long OpenAI keeps what it caches. Half a day costs twice as much to write, and its usage does not say it. */
export const cacheRetention = z.enum(['in_memory', 'in-memory', '24h', '30m']);

/** Looks for what does not belong there: an expression that matches the whole of a long text exhausts its stack. */
const isBase64 = (value: string): boolean => !/[^A-Za-z0-9+/_=\s-]/.test(value);
/** Base64 cannot be an address, because it has no colon. */
export const base64 = z.string().refine(isBase64, 'not base64');
const dataPrefix = /^data:[\w.+-]{1,50}\/[\w.+-]{1,100};base64,/;
/** An address that holds its content. The vendor fetches every other address. */
export const dataUrl = z.string().refine((value) => {
  const prefix = dataPrefix.exec(value.slice(0, 200))?.[0];
  return prefix !== undefined && isBase64(value.slice(prefix.length));
}, 'not a data: URL');

/** Types of images that vendors turn into a bounded number of tokens. */
const pictures = /^image\/(png|jpeg|jpg|webp|gif|heic|heif)$/i;

export const noMedia: Media = { images: 0, imageBytes: 0, unbounded: 0 };

/** Adds content of a media type. Text is bounded by its bytes. */
export function addMedia(media: Media, type: string, data: string): void {
  if (pictures.test(type)) {
    media.images += 1;
    media.imageBytes += data.length;
  } else if (!/^text\//i.test(type)) media.unbounded += 1;
}

/** Adds a `data:` URL. */
export function addDataUrl(media: Media, url: string): void {
  addMedia(media, /^data:([^;,]*)/.exec(url.slice(0, 200))?.[1] ?? '', url);
}

type Issue = z.core.$ZodIssue;

/** The issue that lies deepest: of a union, that is one of the alternative which was meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const below = issue.errors.flat().map((inner) => deepest(inner));
  const found = below.reduce<Issue | undefined>((a, b) => (a && a.path.length >= b.path.length ? a : b), undefined);
  return found === undefined || found.path.length === 0 ? issue : { ...found, path: [...issue.path, ...found.path] };
}

/** Name of the first field that a table does not let through, with what is allowed there. */
export function refusedField(error: z.ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return 'the body';
  const issue = deepest(first);
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = String(issue.keys[0]).slice(0, 100);
    return path === '' ? key : `${path.slice(-150)}.${key}`;
  }
  return `${path === '' ? 'the body' : path.slice(-150)} (${issue.message.slice(0, 100)})`;
}

/** Runs a function once, at its first call: a table is built only for the provider of the phase. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
