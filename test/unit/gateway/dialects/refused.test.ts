import { describe, expect, test } from 'vitest';
import type { ProviderKind } from '../../../../core/models/endpoint.ts';
import type { ModelRequest } from '../../../../gateway/dialects/dialect.ts';
import { dialects } from '../../../../gateway/meter/dialects.ts';

type Body = Record<string, unknown>;
const read = (provider: ProviderKind, path: string, body: Body): ModelRequest => {
  const request = dialects[provider].read('POST', path, body);
  if (request === undefined) throw new Error(`${path} is not allowed`);
  return request;
};
const of = {
  anthropic: (body: Body) => read('anthropic', 'v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 9, ...body }),
  google: (body: Body) => read('google', 'v1beta/models/gemini-2.5-pro:generateContent', body),
  chat: (body: Body) => read('openai', 'v1/chat/completions', { model: 'gpt-5', ...body }),
  responses: (body: Body) => read('openai', 'v1/responses', { model: 'gpt-5', ...body }),
};
const url = 'https://attacker.example/x';
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const turn = (part: object) => ({ contents: [{ role: 'user', parts: [part] }] });
const input = (...items: object[]) => ({ input: items });
const said = (...content: object[]) => input({ role: 'user', content });

/** [dialect, body, what is named]. */
const refused: [keyof typeof of, Body, string][] = [
  // sources that the vendor would fetch, or that are stored there
  ['anthropic', user([{ type: 'image', source: { type: 'url', url } }]), 'messages.0.content.0.source.type'],
  ['anthropic', user([{ type: 'image', source: { type: 'file', file_id: 'f' } }]), 'source.type'],
  ['anthropic', user([{ type: 'document', source: { type: 'url', url } }]), 'source.type'],
  ['anthropic', user([{ type: 'document', source: { type: 'file', file_id: 'f' } }]), 'source.type'],
  ['anthropic', user([{ type: 'container_upload', file_id: 'f' }]), 'messages.0.content.0.type'],
  [
    'anthropic',
    user([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: { type: 'url', url } }] }]),
    'messages.0.content.0.content.0.source.type',
  ],
  [
    'anthropic',
    user([
      { type: 'document', source: { type: 'content', content: [{ type: 'image', source: { type: 'url', url } }] } },
    ]),
    'source.content.0.source.type',
  ],
  [
    'anthropic',
    user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: url } }]),
    'source.data',
  ],
  ['anthropic', { system: [{ type: 'image', source: { type: 'url', url } }] }, 'system.0'],
  ['google', turn({ fileData: { fileUri: url } }), 'contents.0.parts.0.fileData'],
  ['google', turn({ file_data: { file_uri: url } }), 'contents.0.parts.0.fileData'],
  ['google', turn({ functionResponse: { name: 'f', parts: [{ fileData: { fileUri: url } }] } }), 'parts.0.fileData'],
  ['google', turn({ function_response: { name: 'f', parts: [{ file_data: { file_uri: url } }] } }), 'parts.0.fileData'],
  ['google', { systemInstruction: { parts: [{ fileData: { fileUri: url } }] } }, 'systemInstruction.parts.0.fileData'],
  ['google', { system_instruction: { parts: [{ file_data: { file_uri: url } }] } }, 'parts.0.fileData'],
  ['google', turn({ inlineData: { mimeType: 'image/png', data: url } }), 'inlineData.data'],
  ['chat', user([{ type: 'image_url', image_url: { url } }]), 'messages.0.content.0.image_url.url'],
  ['chat', user([{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }]), 'image_url.url'],
  ['chat', user([{ type: 'file', file: { file_id: 'f' } }]), 'messages.0.content.0.file'],
  ['chat', user([{ type: 'file', file: { file_data: url } }]), 'file.file_data'],
  ['responses', said({ type: 'input_image', image_url: url }), 'input.0.content.0.image_url'],
  ['responses', said({ type: 'input_image', file_id: 'f' }), 'input.0.content.0'],
  ['responses', said({ type: 'input_file', file_url: url }), 'input.0.content.0'],
  ['responses', said({ type: 'input_file', file_id: 'f' }), 'input.0.content.0'],
  [
    'responses',
    input({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: url }] }),
    'input.0.output.0.image_url',
  ],
  [
    'responses',
    input({ type: 'custom_tool_call_output', call_id: 'c', output: [{ type: 'input_file', file_url: url }] }),
    'input.0.output.0',
  ],
  ['responses', { prompt: { id: 'pmpt_1' } }, 'prompt'],
  ['responses', { conversation: 'conv_1' }, 'conversation'],
  // tools, containers and skills of the vendor
  [
    'anthropic',
    {
      tools: [
        { name: 'x', input_schema: {} },
        { type: 'web_search_20250305', name: 'w' },
      ],
    },
    'web_search_20250305',
  ],
  ['anthropic', { tools: [{ type: 'web_fetch_20250910', name: 'w' }] }, 'web_fetch_20250910'],
  ['anthropic', { tools: [{ type: 'code_execution_20250825', name: 'c' }] }, 'code_execution_20250825'],
  ['anthropic', { tools: [{ type: 'advisor_20260301', name: 'a' }] }, 'advisor_20260301'],
  ['anthropic', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'm' }] }, 'mcp_toolset'],
  ['anthropic', { mcp_servers: [{ type: 'url', url }] }, 'mcp_servers'],
  ['anthropic', { container: { skills: [{ type: 'anthropic', skill_id: 'pptx' }] } }, 'container'],
  ['anthropic', { container: 'c' }, 'container'],
  ['anthropic', { tools: { 0: { type: 'web_search_20250305' }, length: 1 } }, 'tools'],
  ['anthropic', { tools: 'web_search_20250305' }, 'tools'],
  ['google', { tools: [{ googleSearch: {} }] }, 'googleSearch'],
  ['google', { tools: [{ google_search: {} }] }, 'google_search'],
  ['google', { tools: [{ urlContext: {} }] }, 'urlContext'],
  ['google', { tools: [{ code_execution: {} }] }, 'code_execution'],
  ['google', { tools: [{ mcpServers: [] }] }, 'mcpServers'],
  ['google', { tools: { googleSearch: {} } }, 'tools'],
  ['google', { tools: { 0: { googleSearch: {} } } }, 'tools'],
  ['chat', { web_search_options: {} }, 'web_search_options'],
  ['chat', { tools: [{ type: 'web_search' }] }, 'web_search'],
  ['chat', { tools: { 0: { type: 'mcp' } } }, 'tools'],
  ['chat', { model: 'gpt-4o-search-preview' }, 'gpt-4o-search-preview searches the web'],
  ['chat', { model: 'gpt-5-search-api' }, 'gpt-5-search-api searches the web'],
  ['responses', { model: 'o3-deep-research' }, 'o3-deep-research searches the web'],
  ['responses', { tools: [{ type: 'web_search', external_web_access: true }] }, 'web_search'],
  ['responses', { tools: [{ type: 'mcp', server_url: url }] }, 'mcp'],
  ['responses', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, 'code_interpreter'],
  ['responses', { tools: [{ type: 'image_generation' }] }, 'image_generation'],
  ['responses', { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }, 'file_search'],
  ['responses', { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }, 'tools.0.environment'],
  ['responses', { tools: [{ type: 'shell', environment: { type: 'local', skills: [] } }] }, 'tools.0.environment'],
  ['responses', { tools: [{ type: 'tool_search', execution: 'server' }] }, 'tools.0.execution'],
  ['responses', { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'mcp' }] }] }, 'tools.0.tools.0.type'],
  ['responses', input({ type: 'additional_tools', tools: [{ type: 'web_search' }] }), 'input.0.tools.0.type'],
  [
    'responses',
    input({ type: 'tool_search_output', execution: 'client', tools: [{ type: 'mcp' }] }),
    'input.0.tools.0.type',
  ],
  ['responses', input({ type: 'web_search_call', id: 'w' }), 'input.0'],
  ['responses', input({ type: 'mcp_call', id: 'm', server_label: 's' }), 'input.0'],
  [
    'responses',
    input({ type: 'computer_call_output', output: { type: 'computer_screenshot', image_url: url } }),
    'input.0',
  ],
  // fields that cost more, or whose effect is not known
  ['anthropic', { speed: 'fast' }, 'speed'],
  ['anthropic', { inference_geo: 'us' }, 'inference_geo'],
  ['anthropic', { service_tier: 'priority' }, 'service_tier'],
  ['anthropic', { fallbacks: [{ model: 'claude-opus-5' }] }, 'fallbacks'],
  ['anthropic', { compaction: { type: 'auto' } }, 'compaction'],
  ['anthropic', { context_management: { edits: [{ type: 'compact_20260112' }] } }, 'context_management.edits.0.type'],
  ['anthropic', { something_new: 1 }, 'something_new'],
  ['anthropic', { model: `claude-sonnet-4-5${'x'.repeat(200)}` }, 'model ('],
  ['anthropic', { model: { toString: 1 } }, 'model ('],
  ['chat', { model: `gpt-5${'x'.repeat(200)}` }, 'model ('],
  ['responses', { model: ['gpt-5'] }, 'model ('],
  ['google', { serviceTier: 'priority' }, 'serviceTier'],
  ['google', { service_tier: 'flex' }, 'serviceTier'],
  ['google', { model: 'models/gemini-2.5-flash' }, 'model'],
  ['google', { somethingNew: 1 }, 'somethingNew'],
  ['google', { generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }, 'generationConfig.responseModalities.1'],
  ['google', { generation_config: { response_modalities: ['AUDIO'] } }, 'generationConfig.responseModalities.0'],
  ['google', { generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig'],
  ['google', { generationConfig: { imageConfig: {} } }, 'generationConfig.imageConfig'],
  ['google', { generationConfig: { candidateCount: 9 } }, 'generationConfig.candidateCount'],
  ['google', { generationConfig: { candidateCount: '8' } }, 'generationConfig.candidateCount'],
  ['google', { generationConfig: { maxOutputTokens: '8' } }, 'generationConfig.maxOutputTokens'],
  ['google', { generationConfig: { maxOutputTokens: 1, max_output_tokens: 2 } }, 'max_output_tokens (given in two'],
  ['google', { cachedContent: 'a', cached_content: 'b' }, 'cached_content (given in two'],
  ['chat', { service_tier: 'priority' }, 'service_tier'],
  ['chat', { service_tier: 'scale' }, 'service_tier'],
  ['chat', { prediction: { type: 'content', content: 'x' } }, 'prediction'],
  ['chat', { modalities: ['text', 'audio'] }, 'modalities.1'],
  ['chat', user([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]), 'content.0.type'],
  ['chat', { audio: { voice: 'alloy', format: 'wav' } }, 'audio'],
  ['chat', { best_of: 8 }, 'best_of'],
  ['chat', { n: 1.5 }, 'n ('],
  ['chat', { max_tokens: -1 }, 'max_tokens'],
  ['responses', { service_tier: 'priority' }, 'service_tier'],
  ['responses', { background: true }, 'background'],
  ['responses', { context_management: [{ type: 'compaction' }] }, 'context_management'],
  ['responses', { moderation: {} }, 'moderation'],
  ['responses', { n: 8 }, 'n'],
  ['responses', { tool_choice: { type: 'web_search_preview' } }, 'tool_choice.type'],
];

describe('H5, H6: what is not on the list is refused, by name', () => {
  test.each(refused)('%s %j: %s', (dialect, body, named) => {
    const request = of[dialect](body);
    expect(request.hostedTool ?? request.refusedField).toContain(named);
  });

  test('a free call is held to the same list', () => {
    const body = { model: 'claude-sonnet-4-5', ...user([{ type: 'image', source: { type: 'url', url } }]) };
    expect(read('anthropic', 'v1/messages/count_tokens', body).refusedField).toContain('source.type');
    const path = 'v1beta/models/gemini-2.5-pro:countTokens';
    expect(read('google', path, turn({ file_data: { file_uri: url } })).refusedField).toContain('fileData');
    expect(read('google', path, { generateContentRequest: {} }).refusedField).toBe('generateContentRequest');
  });

  test('fields without a value are let through, content of the user is passed on whatever it looks like', () => {
    const lookalike = { type: 'url', url, file_data: { file_uri: url }, web_search_options: {} };
    const bodies: [keyof typeof of, Body][] = [
      ['anthropic', { service_tier: null, ...user([{ type: 'tool_use', id: 'i', name: 'n', input: lookalike }]) }],
      ['anthropic', { tools: [{ name: 'n', input_schema: { properties: { source: lookalike } } }] }],
      ['google', turn({ functionCall: { name: 'f', args: lookalike } })],
      ['google', { tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: lookalike }] }] }],
      ['chat', { web_search_options: null, prediction: null, tools: null, ...user(`see ${url}`) }],
      ['responses', { prompt: null, conversation: null, previous_response_id: null, background: false, input: url }],
    ];
    for (const [dialect, body] of bodies) {
      const request = of[dialect](body);
      expect([body, request.hostedTool, request.refusedField]).toEqual([body, undefined, undefined]);
    }
    expect(of.google(turn({ function_call: { name: 'f', args: lookalike } })).limited(1)).toMatchObject(
      turn({ functionCall: { name: 'f', args: lookalike } }),
    );
  });

  test('what is sent has the limit that the gateway wrote, in one spelling', () => {
    const config = { max_output_tokens: 5, candidate_count: 2, thinking_config: { thinking_budget: 3 } };
    const request = of.google({ generation_config: config, cached_content: 'c' });
    expect(request).toMatchObject({ maxOutput: 5, answers: 2, refersOutside: true });
    expect(request.limited(5)).toEqual({
      cachedContent: 'c',
      generationConfig: { maxOutputTokens: 5, candidateCount: 2, thinkingConfig: { thinkingBudget: 3 } },
    });
    for (const given of [{}, { max_completion_tokens: null }, { max_tokens: null }])
      expect(of.chat(given).limited(7)).toEqual({ model: 'gpt-5', max_completion_tokens: 7 });
    expect(of.chat({ max_tokens: 9, max_completion_tokens: 4 }).limited(7)).toEqual({
      model: 'gpt-5',
      max_completion_tokens: 4,
    });
    expect(of.responses({ max_output_tokens: null }).limited(7)).toEqual({ model: 'gpt-5', max_output_tokens: 7 });
    expect(of.anthropic({ max_tokens: null }).limited(7)).toEqual({ model: 'claude-sonnet-4-5', max_tokens: 7 });
    expect(of.google({ generationConfig: { maxOutputTokens: null } }).limited(7)).toEqual({
      generationConfig: { maxOutputTokens: 7 },
    });
    expect(of.chat({ service_tier: 'auto' }).pinned).toEqual({ service_tier: 'default' });
    expect(of.responses({ service_tier: 'flex' }).pinned).toEqual({ service_tier: 'flex' });
  });
});
