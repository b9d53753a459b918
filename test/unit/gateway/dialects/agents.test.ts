import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProviderKind } from '../../../../core/models/endpoint.ts';
import { dialects } from '../../../../gateway/meter/dialects.ts';

/** Requests that the agents sent to a stand-in, with their texts taken out: one file per agent, one entry per shape. */
const folder = path.join(import.meta.dirname, 'agents');
interface Sent {
  provider: ProviderKind;
  path: string;
  body: Record<string, unknown>;
}

describe.each(readdirSync(folder))('H5: what %s sends is let through as it is', (file) => {
  const requests = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Sent[];
  test.each(requests.map((sent, index) => [`${index} ${sent.path}`, sent] as const))('%s', (_name, sent) => {
    const url = new URL(sent.path, 'http://gateway');
    const dialect = dialects[sent.provider];
    for (const [name, value] of url.searchParams) expect(dialect?.query).toContain(`${name}=${value}`);
    const request = dialect?.read('POST', url.pathname.slice(1), sent.body);
    expect([request?.refusedField, request?.hostedTool]).toEqual([undefined, undefined]);
    expect(request?.limited(1_000_000)).toMatchObject(sent.body);
  });
});
