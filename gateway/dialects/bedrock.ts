import { anthropic } from './anthropic.ts';
import { addConverseMedia, type ConverseRequest, converseTable } from './converse.ts';
import { type Dialect, type ModelRequest, noMedia, refusedField } from './dialect.ts';

/** A model or inference profile of the account's region, or of several: `eu.anthropic.claude-…`. Not an ARN, nor `..`. */
const modelId = /^(?!arn:)[A-Za-z0-9][A-Za-z0-9.:_-]{0,199}$/;
const call =
  /^model\/((?!arn:)[A-Za-z0-9][A-Za-z0-9.:_-]{0,199})\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;

/** Anthropic's version of the body of `invoke`; the only fields that it has beside those of `v1/messages`. */
const invokeVersion = 'bedrock-2023-05-31';

/**
 * Amazon Bedrock: Anthropic's own interface (`v1/messages`), Converse, and `invoke` with Anthropic's body
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html).
 */
export const bedrock: Dialect = {
  baseUrl: ({ region = '' }) =>
    `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  target: (path) =>
    path.startsWith('model/') ? path.replace(/^model\/[^/]*/, (name) => encodeModel(name)) : `anthropic/${path}`,
  key: { header: 'authorization', prefix: 'Bearer ' },
  query: anthropic.query,
  allows: (method, path) => method === 'POST' && (call.test(plain(path)) || anthropic.allows(method, path)),
  read(method, path, body) {
    if (anthropic.allows(method, path)) {
      const read = anthropic.read(method, path, body);
      return read === undefined || modelId.test(read.model) ? read : { ...read, refusedField: 'model' };
    }
    const match = method === 'POST' ? call.exec(plain(path)) : null;
    if (match === null) return undefined;
    const [, model = '', operation = ''] = match;
    return operation.startsWith('converse') ? readConverse(model, operation, body) : readInvoke(model, operation, body);
  },
  forModel: (path, body, model) =>
    path.startsWith('model/')
      ? { path: path.replace(/^model\/[^/]*/, () => `model/${model}`), body }
      : anthropic.forModel(path, body, model),
};

/** Amazon's own clients encode the colon of a version. Nothing else of a name needs it. */
const plain = (path: string): string => path.replace(/%3a/gi, ':');
/** … and so does the gateway, because the signature covers the path. */
const encodeModel = (name: string): string => plain(name).replaceAll(':', '%3A');

function readInvoke(model: string, operation: string, body: Record<string, unknown>): ModelRequest | undefined {
  const { anthropic_version: version, anthropic_beta: beta, ...rest } = body;
  const betas = Array.isArray(beta) && beta.every((name) => typeof name === 'string') ? beta : undefined;
  const read = anthropic.read('POST', 'v1/messages', { ...rest, model });
  if (read === undefined) return undefined;
  const odd =
    version !== invokeVersion
      ? 'anthropic_version'
      : beta !== undefined && betas === undefined
        ? 'anthropic_beta'
        : undefined;
  return {
    ...read,
    kind: operation,
    model,
    betas,
    // Only Anthropic's models read this body.
    refusedField: model.includes('anthropic.') ? (odd ?? read.refusedField) : `the body of ${model}`,
    limited(max) {
      const { model: _model, stream: _stream, ...sent } = read.limited(max);
      return { ...sent, anthropic_version: invokeVersion, ...(betas === undefined ? {} : { anthropic_beta: betas }) };
    },
  };
}

function readConverse(model: string, operation: string, body: Record<string, unknown>): ModelRequest {
  const parsed = converseTable().safeParse(body);
  const allowed: ConverseRequest = parsed.data ?? {};
  const media = { ...noMedia };
  addConverseMedia(media, allowed);
  const asked = allowed.inferenceConfig?.maxTokens;
  const { thinking, reasoning_config: reasoning } = allowed.additionalModelRequestFields ?? {};
  const budget = Math.max(thinking?.budget_tokens ?? 0, reasoning?.budget_tokens ?? 0);
  return {
    kind: operation,
    model,
    free: false,
    usage: 'converse',
    maxOutput: asked === undefined ? undefined : Math.max(asked, budget),
    thinking: budget,
    answers: 1,
    refersOutside: false,
    media,
    hostedTool: undefined,
    refusedField: parsed.success ? undefined : refusedField(parsed.error),
    limited: (max) => ({
      ...allowed,
      inferenceConfig: { ...allowed.inferenceConfig, maxTokens: Math.min(asked ?? max, max) },
    }),
    pinned: {},
  };
}
