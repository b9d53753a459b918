import { AwsV4Signer } from 'aws4fetch';
import { defined } from '../../core/defined.ts';

/** AWS credentials; the session token belongs to the credentials of a role. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

interface SignedRequest {
  /** Default: `POST`. */
  method?: 'GET' | 'POST';
  url: string;
  region: string;
  /** The service name for the signature: `ssm`, `execute-api`. */
  service: string;
  headers?: Record<string, string>;
  body: string;
  keys: Keys;
  timeoutMs: number;
}

/**
 * One signed request. Without the SDK, whose clients are half a megabyte each.
 * @throws The errors of `fetch`, also for a timeout.
 */
export async function signedRequest(
  request: SignedRequest,
): Promise<{ status: number; text: string; headers: Headers }> {
  const { method = 'POST', url, region, service, headers = {}, body, keys, timeoutMs } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signed = await new AwsV4Signer({
    method,
    url,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'GET' ? {} : { body }),
    region,
    service,
    accessKeyId,
    secretAccessKey,
    ...defined({ sessionToken }),
  }).sign();
  const response = await fetch(signed.url, {
    method: signed.method,
    headers: signed.headers,
    ...(method === 'GET' ? {} : { body }),
    // The signature is valid for this address only.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** An error response of a service with a JSON protocol: the error name and the message. */
export class ServiceFault extends Error {
  readonly code: string;
  readonly status: number;
  /** The action that IAM has to allow for the call, if the caller of `callJson` says so. */
  action = '';
  constructor(code: string, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * One call of a service with an AWS JSON protocol, at `AWS_ENDPOINT_URL` if that is set.
 * @param target `AmazonSSM.GetParameter`. @throws ServiceFault, and the errors of `fetch`.
 */
export async function callJson(
  call: { service: string; host?: string; target: string; region: string; keys: Keys; json?: '1.0' | '1.1' },
  input: object,
  endpoint = process.env.AWS_ENDPOINT_URL,
): Promise<Record<string, unknown>> {
  const suffix = call.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const { status, text } = await signedRequest({
    ...call,
    url: `${endpoint || `https://${call.host ?? call.service}.${call.region}.${suffix}`}/`,
    headers: { 'content-type': `application/x-amz-json-${call.json ?? '1.1'}`, 'x-amz-target': call.target },
    body: JSON.stringify(input),
    timeoutMs: 10_000,
  });
  const answer = parsed(text);
  if (status === 200) return answer;
  const code = String(answer.__type ?? answer.code ?? status).replace(/^.*#/, '');
  throw new ServiceFault(code, String(answer.message ?? answer.Message ?? ''), status);
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
