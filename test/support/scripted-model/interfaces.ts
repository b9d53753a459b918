import type { ServerResponse } from 'node:http';
import { type Answer, play, type Script, type Tool } from './script.ts';

type Json = Record<string, unknown>;
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
let count = 0;
const id = (prefix: string): string => {
  count += 1;
  return `${prefix}_${count}`;
};
/** Tokens as the scripted model counts them: the same for every interface. */
export interface Usage {
  input: number;
  cached: number;
  output: number;
}

function events(response: ServerResponse): (name: string | undefined, data: unknown) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  return (name, data) =>
    response.write(
      `${name === undefined ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
}
const whole = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
const usageOf = (raw: string, answer: Answer): Usage => {
  const input = Math.ceil(raw.length / 4);
  return {
    input,
    cached: Math.floor(input / 2),
    output: 10 + Math.ceil(JSON.stringify(answer.calls.map(({ input }) => input)).length / 4),
  };
};

type Interface = (script: Script, body: Json, raw: string, response: ServerResponse) => Usage;

export const anthropic: Interface = (script, body, raw, response) => {
  const tools = list(body.tools)
    .filter(({ input_schema: schema }) => schema !== undefined)
    .map((tool) => ({ name: String(tool.name), schema: tool.input_schema as Tool['schema'], custom: false }));
  const done = list(body.messages).filter(
    ({ role, content }) => role === 'assistant' && list(content).some(({ type }) => type === 'tool_use'),
  ).length;
  const answer = play(script, raw, tools, done);
  const used = usageOf(raw, answer);
  const usage = {
    input_tokens: used.input - used.cached,
    cache_read_input_tokens: used.cached,
    cache_creation_input_tokens: 0,
    output_tokens: used.output,
  };
  const content: Json[] = [
    { type: 'text', text: answer.text },
    ...answer.calls.map(({ tool, input }) => ({ type: 'tool_use', id: id('toolu'), name: tool.name, input })),
  ];
  const reason = answer.calls.length > 0 ? 'tool_use' : 'end_turn';
  const message = {
    id: id('msg'),
    type: 'message',
    role: 'assistant',
    model: body.model,
    content,
    stop_reason: reason,
    usage,
  };
  if (body.stream !== true) {
    whole(response, message);
    return used;
  }
  const send = events(response);
  send('message_start', {
    type: 'message_start',
    message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  });
  content.forEach((block, index) => {
    const isText = block.type === 'text';
    send('content_block_start', {
      type: 'content_block_start',
      index,
      content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} },
    });
    const delta = isText
      ? { type: 'text_delta', text: block.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
    send('content_block_delta', { type: 'content_block_delta', index, delta });
    send('content_block_stop', { type: 'content_block_stop', index });
  });
  send('message_delta', {
    type: 'message_delta',
    delta: { stop_reason: reason, stop_sequence: null },
    usage: { output_tokens: used.output },
  });
  send('message_stop', { type: 'message_stop' });
  response.end();
  return used;
};

export const chat: Interface = (script, body, raw, response) => {
  const tools = list(body.tools).flatMap(({ function: given }) => {
    const { name, parameters } = (given ?? {}) as { name?: string; parameters?: Tool['schema'] };
    return name === undefined ? [] : [{ name, schema: parameters, custom: false }];
  });
  const done = list(body.messages).filter(
    ({ role, tool_calls: calls }) => role === 'assistant' && list(calls).length > 0,
  ).length;
  const answer = play(script, raw, tools, done);
  const used = usageOf(raw, answer);
  const usage = {
    prompt_tokens: used.input,
    completion_tokens: used.output,
    total_tokens: used.input + used.output,
    prompt_tokens_details: { cached_tokens: used.cached },
  };
  const calls = answer.calls.map(({ tool, input }, index) => ({
    index,
    id: id('call'),
    type: 'function',
    function: { name: tool.name, arguments: JSON.stringify(input) },
  }));
  const reason = calls.length > 0 ? 'tool_calls' : 'stop';
  const base = { id: id('chatcmpl'), created: 0, model: body.model };
  if (body.stream !== true) {
    const message = { role: 'assistant', content: answer.text, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
    whole(response, {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: reason }],
      usage,
    });
    return used;
  }
  const send = events(response);
  const chunk = (choices: Json[], more: Json = {}) =>
    send(undefined, { ...base, object: 'chat.completion.chunk', choices, ...more });
  chunk([{ index: 0, delta: { role: 'assistant', content: answer.text }, finish_reason: null }]);
  for (const call of calls) chunk([{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }]);
  chunk([{ index: 0, delta: {}, finish_reason: reason }]);
  chunk([], { usage });
  send(undefined, '[DONE]');
  response.end();
  return used;
};

export const responses: Interface = (script, body, raw, response) => {
  const input = list(body.input);
  const given = [
    ...list(body.tools),
    ...input.filter(({ type }) => type === 'additional_tools').flatMap((item) => list(item.tools)),
  ];
  const tools = given.flatMap((tool): Tool[] => {
    const { type, name } = tool;
    if (type === 'function' || type === 'custom')
      return [{ name: String(name), schema: tool.parameters as Tool['schema'], custom: type === 'custom' }];
    return type !== 'namespace'
      ? []
      : list(tool.tools).map((each) => ({
          ...{ name: String(each.name), schema: each.parameters as Tool['schema'], custom: false },
          namespace: String(name),
        }));
  });
  // The calls of one turn stand side by side.
  const isCall = input.map(({ type }) => type === 'function_call' || type === 'custom_tool_call');
  const done = isCall.filter((is, index) => is && isCall[index - 1] !== true).length;
  const answer = play(script, raw, tools, done);
  const used = usageOf(raw, answer);
  const output: Json[] = [
    {
      type: 'message',
      id: id('msg'),
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: answer.text, annotations: [] }],
    },
    ...answer.calls.map(({ tool, input: argument }) =>
      tool.custom
        ? {
            type: 'custom_tool_call',
            id: id('ctc'),
            call_id: id('call'),
            name: tool.name,
            input: argument,
            status: 'completed',
          }
        : {
            type: 'function_call',
            id: id('fc'),
            call_id: id('call'),
            name: tool.name,
            ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }),
            arguments: JSON.stringify(argument),
            status: 'completed',
          },
    ),
  ];
  const usage = {
    input_tokens: used.input,
    input_tokens_details: { cached_tokens: used.cached },
    output_tokens: used.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: used.input + used.output,
  };
  const finished = {
    id: id('resp'),
    object: 'response',
    created_at: 0,
    status: 'completed',
    model: body.model,
    output,
    usage,
    error: null,
  };
  if (body.stream !== true) {
    whole(response, finished);
    return used;
  }
  const send = events(response);
  let sequence = 0;
  const tell = (type: string, data: Json) => {
    send(type, { type, sequence_number: sequence, ...data });
    sequence += 1;
  };
  tell('response.created', { response: { ...finished, status: 'in_progress', output: [], usage: null } });
  output.forEach((item, index) => {
    const begun =
      item.type === 'message'
        ? { ...item, content: [] }
        : item.type === 'function_call'
          ? { ...item, arguments: '' }
          : { ...item, input: '' };
    tell('response.output_item.added', { output_index: index, item: { ...begun, status: 'in_progress' } });
    if (item.type === 'message')
      tell('response.output_text.delta', {
        item_id: item.id,
        output_index: index,
        content_index: 0,
        delta: answer.text,
      });
    tell('response.output_item.done', { output_index: index, item });
  });
  tell('response.completed', { response: finished });
  response.end();
  return used;
};

export const google =
  (stream: boolean): Interface =>
  (script, body, raw, response) => {
    const tools = list(body.tools)
      .flatMap(({ functionDeclarations }) => list(functionDeclarations))
      .map((tool) => ({
        name: String(tool.name),
        schema: (tool.parametersJsonSchema ?? tool.parameters) as Tool['schema'],
        custom: false,
      }));
    const done = list(body.contents).filter(
      ({ role, parts }) => role === 'model' && list(parts).some(({ functionCall }) => functionCall !== undefined),
    ).length;
    const answer = play(script, raw, tools, done);
    const used = usageOf(raw, answer);
    const parts = [
      { text: answer.text },
      ...answer.calls.map(({ tool, input }) => ({ functionCall: { name: tool.name, args: input, id: id('fc') } })),
    ];
    const value = {
      candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        promptTokenCount: used.input,
        cachedContentTokenCount: used.cached,
        candidatesTokenCount: used.output,
        totalTokenCount: used.input + used.output,
      },
    };
    if (!stream) whole(response, value);
    else {
      events(response)(undefined, value);
      response.end();
    }
    return used;
  };
