import { parseXML } from '@aws-sdk/xml-builder';
import { callJson, type Keys, ServiceFault, signedRequest } from '../signed.ts';

/** Read and changed through the protocols of AWS, without its SDK: see `signedRequest`. */
export interface Aws {
  readonly region: string;
  /** Service with an AWS JSON protocol: `json('ssm', 'GetParameter', {…})`. @throws ServiceFault. */
  json(service: JsonService, operation: string, input: object): Promise<Record<string, unknown>>;
  /** Service with the query protocol; the content of its `…Result`, or of its whole response for EC2. @throws ServiceFault. */
  query(service: QueryService, action: string, input?: Record<string, string>): Promise<Tree>;
  /** `GET` of a service with a REST protocol in JSON. @param of Region; default: that of the account. @throws ServiceFault. */
  get(service: RestService, operation: string, path: string, of?: string): Promise<Record<string, unknown>>;
}

/** An element of XML: its text, or its children by name. */
export type Tree = { [name: string]: Tree | string | (Tree | string)[] | undefined };

const jsonServices = {
  codebuild: { target: 'CodeBuild_20161006', json: '1.1' },
  dynamodb: { target: 'DynamoDB_20120810', json: '1.0' },
  ecr: { target: 'AmazonEC2ContainerRegistry_V20150921', host: 'api.ecr', json: '1.1' },
  monitoring: { target: 'GraniteServiceVersion20100801', json: '1.0' },
  secretsmanager: { target: 'secretsmanager', json: '1.1' },
  servicequotas: { target: 'ServiceQuotasV20190624', json: '1.1' },
  ssm: { target: 'AmazonSSM', json: '1.1' },
  states: { target: 'AWSStepFunctions', json: '1.0' },
} as const;
type JsonService = keyof typeof jsonServices;

const queryServices = {
  cloudformation: { version: '2010-05-15' },
  ec2: { version: '2016-11-15' },
  iam: { version: '2010-05-08' },
  sts: { version: '2011-06-15' },
} as const;
type QueryService = keyof typeof queryServices;

const restServices = { bedrock: 'bedrock', ses: 'email' } as const;
type RestService = keyof typeof restServices;

const timeoutMs = 20_000;
/** Characters of a response. The longest, a page of events of a stack, is about 1 MB. */
const maxResponse = 8_000_000;

/** @param endpoint Of every service, in place of its own. */
export function openAws(
  { region, keys }: { region: string; keys(): Promise<Keys> },
  endpoint = process.env.AWS_ENDPOINT_URL,
): Aws {
  const suffix = (of: string): string => (of.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com');
  const urlOf = (host: string, of = region): string => `${endpoint || `https://${host}.${of}.${suffix(of)}`}`;
  const calls: Aws = {
    region,
    async json(service, operation, input) {
      const { target, json, ...more } = jsonServices[service];
      return callJson(
        { service, target: `${target}.${operation}`, json, region, keys: await keys(), ...more },
        input,
        endpoint,
      );
    },
    async query(service, action, input = {}) {
      // IAM is one for all regions of a partition, and its signature names the region that it is in.
      const home = region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
      const global = region.startsWith('us-gov-') ? 'https://iam.us-gov.amazonaws.com' : 'https://iam.amazonaws.com';
      const { status, text } = await signedRequest({
        url: `${service === 'iam' ? endpoint || global : urlOf(service)}/`,
        region: service === 'iam' ? home : region,
        service,
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ Action: action, Version: queryServices[service].version, ...input }).toString(),
        keys: await keys(),
        timeoutMs,
      });
      const [[root, content] = ['', {}]] = Object.entries(parsed(text));
      const tree = typeof content === 'object' && !Array.isArray(content) ? content : {};
      if (status === 200 && root === `${action}Response`) return treeOf(tree[`${action}Result`] ?? tree);
      // `<ErrorResponse><Error>`, or EC2's `<Response><Errors><Error>`.
      const error = treeOf(treeOf(tree.Errors ?? tree).Error);
      throw new ServiceFault(textOf(error.Code) || String(status), textOf(error.Message), status);
    },
    async get(service, _operation, path, of = region) {
      const url = `${urlOf(restServices[service], of)}${path}`;
      const { status, text, headers } = await signedRequest({
        method: 'GET',
        url,
        region: of,
        service,
        body: '',
        keys: await keys(),
        timeoutMs,
      });
      let answer: Record<string, unknown> = {};
      try {
        answer = (JSON.parse(text) ?? {}) as Record<string, unknown>;
      } catch {
        // A response that is no JSON has no field.
      }
      if (status === 200) return answer;
      const code = headers.get('x-amzn-errortype') ?? String(answer.__type ?? answer.code ?? status);
      // `AccessDeniedException:http://internal.amazon.com/…`, or `com.amazonaws#AccessDeniedException`.
      const [, name = ''] = /^(?:[^#:]{0,200}#)?([^#:]{0,200})/.exec(code) ?? [];
      throw new ServiceFault(name, String(answer.message ?? answer.Message ?? ''), status);
    },
  };
  // A fault says which call it is of, so that a refusal names the permission that lacks.
  const named = async <T>(action: string, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof ServiceFault) error.action = action;
      throw error;
    }
  };
  return {
    region,
    json: (service, operation, input) =>
      named(`${service === 'monitoring' ? 'cloudwatch' : service}:${operation}`, calls.json(service, operation, input)),
    query: (service, action, input) => named(`${service}:${action}`, calls.query(service, action, input)),
    get: (service, operation, path, of) => named(`${service}:${operation}`, calls.get(service, operation, path, of)),
  };
}

function parsed(text: string): Tree {
  if (text.length > maxResponse) return {};
  try {
    return parseXML(text) as Tree;
  } catch {
    return {};
  }
}

const treeOf = (value: Tree[string]): Tree => (typeof value === 'object' && !Array.isArray(value) ? value : {});
export const textOf = (value: Tree[string]): string => (typeof value === 'string' ? value : '');
/** The elements of a list: `<Stacks><member>…`, or EC2's `<vpcSet><item>…`. */
export function listOf(value: Tree[string], name: 'member' | 'item'): Tree[] {
  const found = treeOf(value)[name];
  return found === undefined ? [] : [found].flat().map(treeOf);
}
