/** How a request says which operation it wants: by a header, by a form, or by its path. */
import type { IncomingMessage } from 'node:http';

export interface Asked {
  /** `ses:SendEmail` */
  action: string;
  input: Record<string, unknown>;
  protocol: 'target' | 'form' | 'path';
}

/** By the prefix of `x-amz-target`. */
const targets: Record<string, string> = {
  CodeBuild_20161006: 'codebuild',
  DynamoDB_20120810: 'dynamodb',
  AWSStepFunctions: 'states',
  secretsmanager: 'secretsmanager',
  TrentService: 'kms',
  AmazonSQS: 'sqs',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonSSM: 'ssm',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  GraniteServiceVersion20100801: 'monitoring',
  ServiceQuotasV20190624: 'servicequotas',
};

const paths = [
  { service: 'ses', method: 'POST', path: /^\/v2\/email\/outbound-emails$/, operation: 'SendEmail' },
  { service: 'ses', method: 'GET', path: /^\/v2\/email\/identities\/([^/]+)$/, operation: 'GetEmailIdentity' },
  { service: 'ses', method: 'GET', path: /^\/v2\/email\/account$/, operation: 'GetAccount' },
  {
    service: 'bedrock',
    method: 'GET',
    path: /^\/foundation-model-availability\/([^/]+)$/,
    operation: 'GetFoundationModelAvailability',
  },
  { service: 'bedrock', method: 'GET', path: /^\/inference-profiles\/([^/]+)$/, operation: 'GetInferenceProfile' },
  { service: 'lambda', method: 'GET', path: /^\/2016-08-19\/account-settings$/, operation: 'GetAccountSettings' },
  { service: 'lambda', method: 'POST', path: /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, operation: 'Invoke' },
];

/** The one parameter of a path. */
const pathParameters: Record<string, string> = {
  GetEmailIdentity: 'EmailIdentity',
  GetFoundationModelAvailability: 'modelId',
  GetInferenceProfile: 'inferenceProfileIdentifier',
  Invoke: 'FunctionName',
};

/** Services whose requests are forms, and whose responses are XML. */
export const queryServices = new Set(['sts', 'iam', 'ec2', 'cloudformation']);

/** The service that a request was signed for, and the key it was signed with; undefined for an unsigned one. */
export function signedBy(request: IncomingMessage): { service: string; principal: string } | undefined {
  const signed = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request,.*Signature=[0-9a-f]{64}$/;
  const [, principal, service] = signed.exec(request.headers.authorization ?? '') ?? [];
  return principal === undefined || service === undefined ? undefined : { principal, service };
}

/** Undefined for S3, and for what is no operation of another service that Drydock calls. */
export function askedOf(request: IncomingMessage, service: string, url: URL, body: Buffer): Asked | undefined {
  const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
  if (targets[prefix] === service)
    return { action: `${service}:${operation}`, input: JSON.parse(body.toString()), protocol: 'target' };
  if (queryServices.has(service) && request.method === 'POST' && url.pathname === '/') {
    const input = Object.fromEntries(new URLSearchParams(body.toString('latin1')));
    return { action: `${service}:${input.Action}`, input, protocol: 'form' };
  }
  for (const known of paths) {
    const match = known.path.exec(url.pathname);
    if (known.service !== service || known.method !== request.method || !match) continue;
    const payload = body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
    const inPath = pathParameters[known.operation];
    const input = {
      ...(inPath === undefined ? payload : { [inPath]: decodeURIComponent(match[1] ?? '') }),
      ...(known.operation === 'Invoke' ? { Payload: payload } : {}),
    };
    return { action: `${service}:${known.operation}`, input, protocol: 'path' };
  }
  return undefined;
}
