import { AwsV4Signer } from 'aws4fetch';

/** What signs a request; of a role's session with its token. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

interface SignedRequest {
  url: string;
  region: string;
  /** As IAM names it: `ssm`, `execute-api`. */
  service: string;
  headers?: Record<string, string>;
  body: string;
  keys: Keys;
  timeoutMs: number;
}

/**
 * One signed `POST`. No SDK: its clients are half a megabyte each, for one request.
 * @throws what `fetch` throws when there is no answer in time.
 */
export async function signedPost(request: SignedRequest): Promise<{ status: number; text: string }> {
  const { url, region, service, headers = {}, body, keys, timeoutMs } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signed = await new AwsV4Signer({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    region,
    service,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }).sign();
  const response = await fetch(signed.url, {
    method: signed.method,
    headers: signed.headers,
    body,
    // A signature is for one address.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, text: await response.text() };
}

/** A refusal of a service that is asked in JSON: its name of the error and its words. */
export class ServiceFault extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * One call of a service that is asked in JSON by the name of the operation, at `AWS_ENDPOINT_URL` where that is set.
 * @param target `AmazonSSM.GetParameter`. @throws ServiceFault, and what `fetch` throws.
 */
export async function callJson(
  of: { service: string; host?: string; target: string; region: string; keys: Keys; json?: '1.0' | '1.1' },
  input: object,
  endpoint = process.env.AWS_ENDPOINT_URL,
): Promise<Record<string, unknown>> {
  const suffix = of.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const { status, text } = await signedPost({
    ...of,
    url: `${endpoint || `https://${of.host ?? of.service}.${of.region}.${suffix}`}/`,
    headers: { 'content-type': `application/x-amz-json-${of.json ?? '1.1'}`, 'x-amz-target': of.target },
    body: JSON.stringify(input),
    timeoutMs: 10_000,
  });
  const said = parsed(text);
  if (status === 200) return said;
  const code = String(said.__type ?? said.code ?? status).replace(/^.*#/, '');
  throw new ServiceFault(code, String(said.message ?? said.Message ?? ''), status);
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
