import { z } from 'zod';
import { list } from '../../core/list.ts';
import {
  addMedia,
  base64,
  count,
  type Dialect,
  type Media,
  noMedia,
  once,
  opaque,
  refusedField,
  text,
} from './dialect.ts';

const camel = (name: string): string => name.replace(/(?!^)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * An object of these fields and no other. Google reads both `maxOutputTokens` and `max_output_tokens`; both are read
 * here, one is sent, and a field that is given in both is refused.
 */
function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value, context) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const names = Object.keys(value).map((name) => [name, camel(name)] as const);
    const twice = names.find(([name, other]) => name !== other && Object.hasOwn(value, other));
    if (twice !== undefined) context.addIssue({ code: 'custom', path: [twice[0]], message: 'given in two spellings' });
    return Object.fromEntries(names.map(([name, other]) => [other, (value as Record<string, unknown>)[name]]));
  }, z.strictObject(shape));
}

/**
 * The fields of `generateContent`, `streamGenerateContent` and `countTokens` that are let through
 * (https://ai.google.dev/api/generate-content). Not among them: `fileData`, which the vendor fetches, tools that the
 * vendor runs, answers other than text, and tiers at another price.
 */
const table = once(() => {
  const inline = fields({ mimeType: text, data: base64, displayName: text.optional() });
  const part = fields({
    text: text.optional(),
    thought: z.boolean().optional(),
    thoughtSignature: text.optional(),
    inlineData: inline.optional(),
    videoMetadata: fields({
      startOffset: text.optional(),
      endOffset: text.optional(),
      fps: z.number().optional(),
    }).optional(),
    functionCall: fields({
      id: text.nullish(),
      name: text.optional(),
      args: opaque,
      willContinue: z.boolean().optional(),
    }).optional(),
    functionResponse: fields({
      id: text.nullish(),
      name: text.optional(),
      response: opaque,
      parts: list(fields({ inlineData: inline.optional() })).nullish(),
      scheduling: text.optional(),
      willContinue: z.boolean().optional(),
    }).optional(),
  });
  const content = fields({ role: text.optional(), parts: list(part).optional() });
  const declaration = fields({
    name: text.optional(),
    description: text.optional(),
    parameters: opaque,
    parametersJsonSchema: opaque,
    response: opaque,
    responseJsonSchema: opaque,
    behavior: text.optional(),
  });
  return fields({
    contents: list(z.union([content, text])).optional(),
    systemInstruction: z.union([content, text]).nullish(),
    tools: list(fields({ functionDeclarations: list(declaration).optional() })).nullish(),
    toolConfig: fields({
      functionCallingConfig: fields({
        mode: text.optional(),
        allowedFunctionNames: list(text).optional(),
        streamFunctionCallArguments: z.boolean().optional(),
      }).nullish(),
    }).nullish(),
    safetySettings: list(fields({ category: text.optional(), threshold: text.optional() })).nullish(),
    cachedContent: text.nullish(),
    serviceTier: z.literal('standard').nullish(),
    generationConfig: fields({
      maxOutputTokens: z.int().positive().nullish(),
      candidateCount: z.int().positive().max(8).nullish(),
      temperature: z.number().nullish(),
      topP: z.number().nullish(),
      topK: z.number().nullish(),
      seed: z.number().nullish(),
      presencePenalty: z.number().nullish(),
      frequencyPenalty: z.number().nullish(),
      stopSequences: list(text).nullish(),
      responseMimeType: text.nullish(),
      responseSchema: opaque,
      responseJsonSchema: opaque,
      responseLogprobs: z.boolean().nullish(),
      logprobs: z.number().nullish(),
      responseModalities: list(z.literal('TEXT')).nullish(),
      mediaResolution: text.nullish(),
      thinkingConfig: fields({
        includeThoughts: z.boolean().optional(),
        thinkingBudget: z.int().optional(),
        thinkingLevel: text.optional(),
      }).nullish(),
    }).nullish(),
  });
});

type Allowed = z.infer<ReturnType<typeof table>>;

const call = /^v1(?:beta)?\/models\/([\w.-]{1,200}):(generateContent|streamGenerateContent|countTokens)$/;

type Content = { parts?: { inlineData?: Inline; functionResponse?: { parts?: { inlineData?: Inline }[] | null } }[] };
type Inline = { mimeType: string; data: string };

function addContent(media: Media, content: Content): void {
  for (const part of content.parts ?? []) {
    for (const { inlineData } of [part, ...(part.functionResponse?.parts ?? [])])
      if (inlineData !== undefined) addMedia(media, inlineData.mimeType, inlineData.data);
  }
}

export const google: Dialect = {
  baseUrl: () => 'https://generativelanguage.googleapis.com',
  target: (path) => path,
  forModel: (path, body, model) => ({ path: path.replace(/\/models\/[^:]*:/, () => `/models/${model}:`), body }),
  key: { header: 'x-goog-api-key', prefix: '' },
  query: ['alt=sse'],
  allows: (method, path) => method === 'POST' && call.test(path),
  read(method, path, body) {
    const match = call.exec(path);
    if (method !== 'POST' || match === null) return undefined;
    const parsed = table().safeParse(body);
    const allowed: Allowed = parsed.data ?? {};
    const media = { ...noMedia };
    for (const content of [allowed.systemInstruction, ...(allowed.contents ?? [])])
      if (typeof content === 'object' && content !== null) addContent(media, content as Content);
    const config: NonNullable<Allowed['generationConfig']> = allowed.generationConfig ?? {};
    const asked = count.parse(config.maxOutputTokens);
    const thinking = config.thinkingConfig?.thinkingBudget ?? 0;
    const free = match[2] === 'countTokens';
    return {
      kind: match[2] ?? '',
      model: match[1] ?? '',
      free,
      usage: 'google',
      maxOutput: asked === undefined ? undefined : Math.max(asked, thinking),
      thinking: Math.max(thinking, 0),
      answers: config.candidateCount ?? 1,
      refersOutside: typeof allowed.cachedContent === 'string',
      media,
      hostedTool: hostedTool(body),
      refusedField: parsed.success ? undefined : refusedField(parsed.error),
      limited: (max) =>
        free ? allowed : { ...allowed, generationConfig: { ...config, maxOutputTokens: Math.min(asked ?? max, max) } },
      pinned: {},
    };
  },
};

function hostedTool(body: Record<string, unknown>): string | undefined {
  if (!Array.isArray(body.tools)) return undefined;
  return body.tools
    .flatMap((tool: unknown) => (typeof tool === 'object' && tool !== null ? Object.keys(tool) : []))
    .find((name) => camel(name) !== 'functionDeclarations')
    ?.slice(0, 100);
}
