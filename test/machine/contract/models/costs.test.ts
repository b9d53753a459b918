/**
 * Answers in the form that each vendor documents, and what each costs, worked out by hand from the vendor's price page
 * (the files in `costs/`). The whole way: request, answer, usage, price, ledger.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ModelEndpoint, ProviderKind } from '../../../../core/models/endpoint.ts';
import { type Answering, createKit, events, framed, json, type Kit } from './kit.ts';

interface Row {
  what: string;
  /** The call: a name of `paths`, or a path that is refused. */
  call: string;
  model: string;
  /** Fields of the request beside the usual ones. */
  ask?: object;
  answer?: object;
  events?: object[];
  frames?: [string, object][];
  /** Tokens × nano-dollars, by hand, and their sum in micro-dollars. */
  work?: string;
  micros?: number;
  /** The rule by which the reserved amount stays charged. */
  kept?: string;
  /** What a refusal names. */
  refused?: string;
}
interface Corpus {
  provider: { name: string; kind: ProviderKind; list?: string; own?: ModelEndpoint['prices']['own']; region?: string };
  page: { url: string; read: string };
  rows: Row[];
}

const folder = path.join(import.meta.dirname, 'costs');
const corpora = readdirSync(folder).map((file) => parse(readFileSync(path.join(folder, file), 'utf8')) as Corpus);

const messages = [{ role: 'user', content: 'hello' }];
const contents = [{ role: 'user', parts: [{ text: 'hello' }] }];
const converse = { messages: [{ role: 'user', content: [{ text: 'hello' }] }] };
const invoke = { anthropic_version: 'bedrock-2023-05-31', max_tokens: 1_000, messages };
/** Path and usual body of each call. */
const paths: Readonly<Record<string, (model: string) => [string, object]>> = {
  responses: (model) => ['v1/responses', { model, input: 'hello' }],
  chat: (model) => ['v1/chat/completions', { model, messages }],
  messages: (model) => ['v1/messages', { model, max_tokens: 1_000, messages }],
  generateContent: (model) => [`v1beta/models/${model}:generateContent`, { contents }],
  streamGenerateContent: (model) => [`v1beta/models/${model}:streamGenerateContent?alt=sse`, { contents }],
  converse: (model) => [`model/${encodeURIComponent(model)}/converse`, converse],
  'converse-stream': (model) => [`model/${encodeURIComponent(model)}/converse-stream`, converse],
  invoke: (model) => [`model/${encodeURIComponent(model)}/invoke`, invoke],
  'invoke-with-response-stream': (model) => [`model/${encodeURIComponent(model)}/invoke-with-response-stream`, invoke],
};

/** `invoke` has the events of the model in base64. */
const inFrame = (type: string, body: object): [string, object] =>
  type === 'chunk' ? [type, { bytes: Buffer.from(JSON.stringify(body)).toString('base64') }] : [type, body];
const answering = ({ answer, events: list, frames }: Row): Answering => {
  if (list !== undefined) return events(...list);
  if (frames !== undefined) return framed(...frames.map(([type, body]) => inFrame(type, body)));
  return json(answer ?? {});
};

/** The sum of products that a person wrote down, in micro-dollars. */
const sumOf = (work: string): number =>
  Math.ceil(
    work
      .split('+')
      .map((product) => product.split('*').map(Number))
      .reduce((sum, [tokens = Number.NaN, nanos = Number.NaN]) => sum + tokens * nanos, 0) / 1_000,
  );

let kit: Kit;
beforeEach(() => {
  kit = createKit();
});
afterEach(() => kit.close());

describe.each(corpora.map((corpus) => [corpus.provider.name, corpus] as const))('%s', (_name, { provider, rows }) => {
  const { name, kind, list, own, region } = provider;
  test.each(rows.map((row) => [row.call, row.what, row] as const))('%s: %s', async (_call, _what, row) => {
    const vendor = await kit.vendor(answering(row));
    const prices = { ...(list === undefined ? {} : { list }), ...(own === undefined ? {} : { own }) };
    const endpoint = { kind, baseUrl: vendor.url, project: 'acme', region: region ?? 'global', prices };
    const gateway = await kit.gateway({ provider: name, key: 'key-of-the-test', endpoint });
    const [target, body] = paths[row.call]?.(row.model) ?? [row.call, {}];
    const got = await gateway.post(`/model/${name}/${target}`, { ...body, ...row.ask });
    if (row.refused !== undefined) {
      expect([got.status, vendor.asked.length]).toEqual([403, 0]);
      expect(got.body.toString()).toContain(row.refused);
      return;
    }
    expect([got.status, got.body.toString()]).toEqual([200, expect.any(String)]);
    const [call] = gateway.calls();
    if (row.kept === undefined) {
      expect(sumOf(row.work ?? ''), 'the sum by hand').toBe(row.micros);
      expect(call).toMatchObject({ charged: 'usage', state: 'settled', usdMicros: row.micros });
    } else {
      expect(call).toMatchObject({ charged: row.kept, state: 'reserved' });
      expect(call?.usdMicros).toBeGreaterThan(1_000);
    }
  });
});
