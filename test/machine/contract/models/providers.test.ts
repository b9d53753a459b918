/** Each kind of provider: path, credential and usage, against servers that check them. */
import { generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answering, createKit, events, framed, json, type Kit } from './kit.ts';
import { expectedSignature } from './sigv4.ts';

let kit: Kit;
beforeEach(() => {
  kit = createKit();
});
afterEach(() => kit.close());

const messages = [{ role: 'user', content: 'hello' }];
const claude = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const aws = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the-secret-key-of-the-test', sessionToken: 'session' };
const anthropicUsage = { input_tokens: 100, output_tokens: 20, cache_read_input_tokens: 1_000 };
/** 100 × 3.3 + 1,000 × 0.33 + 20 × 16.5: prices of a regional profile, a tenth above the global ones. */
const regionalMicros = 990;

const inner = (event: object) => ({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') });

test('a server with the interface of OpenAI: its path, its header, and the price of the policy', async () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } };
  const vendor = await kit.vendor(json({ usage }));
  const own = { 'gpt-6.1': { input: 3, cached_input: 0.3, output: 12 } };
  const gateway = await kit.gateway({
    provider: 'azure',
    header: { name: 'api-key', value: 'key-of-azure' },
    endpoint: { kind: 'openai', baseUrl: `${vendor.url}/openai/v1`, prices: { own } },
  });
  const answer = await gateway.post('/model/azure/v1/chat/completions', { model: 'gpt-6.1', messages });
  expect(answer.status).toBe(200);
  expect(vendor.asked).toMatchObject([{ path: '/openai/v1/chat/completions', headers: { 'api-key': 'key-of-azure' } }]);
  expect(vendor.asked[0]?.headers.authorization).toBeUndefined();
  // 600 × 3 + 400 × 0.3 + 100 × 12
  expect(gateway.calls()).toMatchObject([
    { provider: 'azure', usdMicros: 3_120, charged: 'usage', price: 'policy', state: 'settled' },
  ]);
});

test('a server of this machine gets no credential at all', async () => {
  const vendor = await kit.vendor(json({ usage: { prompt_tokens: 5, completion_tokens: 5 } }));
  const gateway = await kit.gateway({
    provider: 'local',
    endpoint: {
      kind: 'openai',
      baseUrl: `${vendor.url}/v1`,
      credential: 'none',
      prices: { own: { qwen: { input: 0, output: 0 } } },
    },
  });
  expect((await gateway.post('/model/local/v1/chat/completions', { model: 'qwen', messages })).status).toBe(200);
  expect(Object.keys(vendor.asked[0]?.headers ?? {})).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/authorization|key|token/)]),
  );
  expect(gateway.calls()).toMatchObject([{ usdMicros: 0, charged: 'usage' }]);
  // A model without a price is not asked, and the line that would allow it is named.
  expect((await gateway.post('/model/local/v1/chat/completions', { model: 'other', messages })).status).toBe(403);
  expect(vendor.asked).toHaveLength(1);
  const refused = gateway.told.flatMap((message) => (message.type === 'refusal' ? [message.refusal.allow] : []));
  expect(refused).toEqual(['prices: {"local/other": {input: …, output: …}}']);
});

test('a server with the interface of Anthropic', async () => {
  const vendor = await kit.vendor(
    events(
      { type: 'message_start', message: { usage: { ...anthropicUsage, output_tokens: 1 } } },
      { type: 'message_delta', usage: { output_tokens: 20 } },
    ),
  );
  const gateway = await kit.gateway({
    provider: 'acme',
    key: 'key-of-acme',
    endpoint: { kind: 'anthropic', baseUrl: `${vendor.url}/proxy`, prices: { list: 'anthropic' } },
  });
  const body = { model: 'claude-sonnet-4-5', max_tokens: 100, stream: true, messages };
  await gateway.post('/model/acme/v1/messages?beta=true', body);
  expect(vendor.asked).toMatchObject([
    { path: '/proxy/v1/messages?beta=true', headers: { 'x-api-key': 'key-of-acme' } },
  ]);
  // 100 × 3 + 1,000 × 0.3 + 20 × 15
  expect(gateway.calls()).toMatchObject([{ usdMicros: 900, charged: 'usage' }]);
});

const bedrock = (url: string) => ({
  provider: 'bedrock',
  aws,
  endpoint: { kind: 'bedrock' as const, region: 'eu-central-1', baseUrl: url, prices: { list: 'aws' } },
});
const converseUsage = { inputTokens: 100, outputTokens: 20, totalTokens: 1_120, cacheReadInputTokens: 1_000 };
const invoke = { anthropic_version: 'bedrock-2023-05-31', max_tokens: 100, messages };
const converse = { messages: [{ role: 'user', content: [{ text: 'hello' }] }] };

test.each<[string, string, object, string, Answering]>([
  [
    'the interface of Anthropic',
    'v1/messages',
    { model: claude, max_tokens: 9, messages },
    '/anthropic/v1/messages',
    json({ usage: anthropicUsage }),
  ],
  [
    '… in a stream',
    'v1/messages',
    { model: claude, max_tokens: 9, stream: true, messages },
    '/anthropic/v1/messages',
    events(
      { type: 'message_start', message: { usage: anthropicUsage } },
      { type: 'message_delta', usage: { output_tokens: 20 } },
    ),
  ],
  [
    'Converse',
    `model/${claude}/converse`,
    converse,
    '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
    json({ usage: converseUsage }),
  ],
  [
    '… in a stream',
    `model/${claude}/converse-stream`,
    converse,
    '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    framed(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { delta: { text: 'x' } }],
      ['metadata', { usage: converseUsage, metrics: { latencyMs: 5 } }],
    ),
  ],
  [
    'invoke',
    `model/${claude}/invoke`,
    invoke,
    '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke',
    json({ usage: anthropicUsage }),
  ],
  [
    '… in a stream',
    `model/${claude}/invoke-with-response-stream`,
    { ...invoke, anthropic_beta: ['interleaved-thinking-2025-05-14'] },
    '/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream',
    framed(
      ['chunk', inner({ type: 'message_start', message: { usage: { ...anthropicUsage, output_tokens: 1 } } })],
      ['chunk', inner({ type: 'message_delta', usage: { output_tokens: 20 } })],
    ),
  ],
])('Amazon Bedrock, %s (%s): signed, and charged at the price of the region', async (_name, target, body, sent, answer) => {
  const vendor = await kit.vendor(answer);
  const gateway = await kit.gateway(bedrock(vendor.url));
  const got = await gateway.post(`/model/bedrock/${target.replaceAll(':', '%3A')}`, body);
  expect([got.status, got.body.toString().slice(0, 200)]).toEqual([200, expect.any(String)]);
  const [asked] = vendor.asked;
  expect(asked?.path).toBe(sent);
  if (asked === undefined) throw new Error('not asked');
  const { given, expected, scope } = expectedSignature(asked, aws.secretAccessKey);
  expect(given).toBe(expected);
  expect(scope).toMatch(/^\d{8}\/eu-central-1\/bedrock\/aws4_request$/);
  expect(asked.headers['x-amz-security-token']).toBe('session');
  if (target.startsWith('model/')) expect(JSON.parse(asked.body)).not.toHaveProperty('model');
  expect(gateway.calls()).toMatchObject([
    { usdMicros: regionalMicros, charged: 'usage', inputTokens: 1_100, outputTokens: 20 },
  ]);
});

test('Amazon Bedrock with a key of its own, and a model in all regions', async () => {
  const vendor = await kit.vendor(json({ usage: anthropicUsage }));
  const { aws: _aws, ...rest } = bedrock(vendor.url);
  const gateway = await kit.gateway({ ...rest, key: 'bedrock-api-key-of-the-test' });
  const model = 'global.anthropic.claude-sonnet-4-5-20250929-v1:0';
  await gateway.post('/model/bedrock/v1/messages', { model, max_tokens: 9, messages });
  expect(vendor.asked[0]?.headers.authorization).toBe('Bearer bedrock-api-key-of-the-test');
  expect(gateway.calls()).toMatchObject([{ usdMicros: 900 }]);
});

test('Amazon Bedrock: what is written to a cache for an hour costs twice the input', async () => {
  const written = { inputTokens: 0, outputTokens: 0, totalTokens: 1_000, cacheWriteInputTokens: 1_000 };
  const gateway = await kit.gateway(
    bedrock((await kit.vendor(json({ usage: { ...written, cacheDetails: [{ ttl: '1h', inputTokens: 1_000 }] } }))).url),
  );
  await gateway.post(`/model/bedrock/model/${encodeURIComponent(claude)}/converse`, converse);
  const invoked = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 1_000 };
  const hour = { cache_creation: { ephemeral_1h_input_tokens: 1_000, ephemeral_5m_input_tokens: 0 } };
  const other = await kit.gateway(bedrock((await kit.vendor(json({ usage: { ...invoked, ...hour } }))).url));
  await other.post('/model/bedrock/v1/messages', { model: claude, max_tokens: 9, messages });
  expect([gateway.calls()[0]?.usdMicros, other.calls()[0]?.usdMicros]).toEqual([6_600, 6_600]);
});

test.each([
  [
    'what lies in S3',
    {
      messages: [{ role: 'user', content: [{ document: { name: 'd', source: { s3Location: { uri: 's3://b/k' } } } }] }],
    },
  ],
  [
    'a guardrail, which has a price',
    { ...converse, guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } },
  ],
  ['faster processing', { ...converse, performanceConfig: { latency: 'optimized' } }],
  ['another tier', { ...converse, serviceTier: { type: 'priority' } }],
  ['a tool that the vendor runs', { ...converse, toolConfig: { tools: [{ systemTool: { name: 'nova_grounding' } }] } }],
  ['fields of single models', { ...converse, additionalModelRequestFields: { anything: 1 } }],
])('Converse refuses %s', async (_what, body) => {
  const vendor = await kit.vendor(json({}));
  const gateway = await kit.gateway(bedrock(vendor.url));
  const answer = await gateway.post(`/model/bedrock/model/${encodeURIComponent(claude)}/converse`, body);
  expect([answer.status, vendor.asked.length]).toEqual([403, 0]);
});

test.each([
  ['an ARN', 'model/arn%3Aaws%3Abedrock%3A%3A1%3Aprompt%2Fx/converse', converse],
  ['another account', 'model/..%2F..%2Fx/converse', converse],
  ['a body that is not Anthropic’s', 'model/amazon.nova-pro-v1%3A0/invoke', invoke],
  ['another version of it', `model/${encodeURIComponent(claude)}/invoke`, { ...invoke, anthropic_version: 'x' }],
  ['another operation', `model/${encodeURIComponent(claude)}/async-invoke`, invoke],
])('Amazon Bedrock refuses %s', async (_what, target, body) => {
  const vendor = await kit.vendor(json({}));
  const gateway = await kit.gateway(bedrock(vendor.url));
  expect([(await gateway.post(`/model/bedrock/${target}`, body)).status, vendor.asked.length]).toEqual([403, 0]);
});

test('Gemini on Google Cloud: one token of the service account for all calls', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const assertions: string[] = [];
  const usageMetadata = { promptTokenCount: 1_000, candidatesTokenCount: 100, totalTokenCount: 1_100 };
  const vendor = await kit.vendor((asked, response, request) => {
    if (asked.path !== '/token') return json({ usageMetadata })(asked, response, request);
    assertions.push(new URLSearchParams(asked.body).get('assertion') ?? '');
    json({ access_token: 'token-of-google', expires_in: 3_600 })(asked, response, request);
  });
  const account = {
    client_email: 'drydock@acme.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${vendor.url}/token`,
  };
  const gateway = await kit.gateway({
    provider: 'vertex',
    serviceAccount: JSON.stringify(account),
    endpoint: {
      kind: 'vertex',
      project: 'acme',
      region: 'europe-west4',
      baseUrl: vendor.url,
      prices: { list: 'google' },
    },
  });
  const body = { contents: [{ role: 'user', parts: [{ text: 'x' }] }] };
  for (const call of ['generateContent', 'streamGenerateContent?alt=sse'])
    expect((await gateway.post(`/model/vertex/v1beta/models/gemini-2.5-pro:${call}`, body)).status).toBe(200);
  const calls = vendor.asked.filter(({ path }) => path !== '/token');
  expect(calls).toMatchObject([
    {
      path: '/v1/projects/acme/locations/europe-west4/publishers/google/models/gemini-2.5-pro:generateContent',
      headers: { authorization: 'Bearer token-of-google' },
    },
    { path: expect.stringMatching(/gemini-2\.5-pro:streamGenerateContent\?alt=sse$/) },
  ]);
  expect(assertions).toHaveLength(1);
  const { payload } = await jwtVerify(assertions[0] ?? '', publicKey, {
    audience: account.token_uri,
    issuer: account.client_email,
  });
  expect(payload.scope).toBe('https://www.googleapis.com/auth/cloud-platform');
  // 1,000 × 1.25 + 100 × 10
  expect(gateway.calls()[0]?.usdMicros).toBe(2_250);
});
