/** Operations of the AWS command line, with their options. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './template.ts';

/** Services whose client is installed: their options are the members of the request. */
const clients: Record<string, string> = {
  dynamodb: 'client-dynamodb',
  secretsmanager: 'client-secrets-manager',
  sesv2: 'client-sesv2',
  stepfunctions: 'client-sfn',
};

/** Others, reviewed: `service operation` with the options that it takes. */
const reviewed: Record<string, readonly string[]> = {
  // https://docs.aws.amazon.com/cli/latest/reference/cloudformation/delete-stack.html
  'cloudformation delete-stack': [
    'stack-name',
    'retain-resources',
    'role-arn',
    'client-request-token',
    'deletion-mode',
  ],
  // https://docs.aws.amazon.com/cli/latest/reference/ecr/describe-repositories.html
  'ecr describe-repositories': ['registry-id', 'repository-names', 'max-items', 'page-size', 'starting-token'],
  // https://docs.aws.amazon.com/cli/latest/reference/ecr/get-login-password.html
  'ecr get-login-password': [],
  // https://docs.aws.amazon.com/cli/latest/reference/iam/create-service-linked-role.html
  'iam create-service-linked-role': ['aws-service-name', 'description', 'custom-suffix'],
  // https://docs.aws.amazon.com/cli/latest/reference/route53resolver/get-firewall-config.html
  'route53resolver get-firewall-config': ['resource-id'],
  // https://docs.aws.amazon.com/cli/latest/reference/ssm/get-parameter.html
  'ssm get-parameter': ['name', 'with-decryption', 'no-with-decryption'],
  // https://docs.aws.amazon.com/cli/latest/reference/ssm/put-parameter.html
  'ssm put-parameter': [
    'name',
    'description',
    'value',
    'type',
    'key-id',
    'overwrite',
    'no-overwrite',
    'tier',
    'data-type',
  ],
  // https://docs.aws.amazon.com/cli/latest/reference/sso/login.html
  'sso login': ['no-browser', 'sso-session'],
};
/** https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-options.html */
const everywhere = ['query', 'output', 'region', 'profile', 'no-cli-pager', 'cli-input-json'];

const kebab = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
const pascal = (name: string): string =>
  name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Options of an operation, without the two dashes; undefined if there is no such operation. */
export function awsOptions(service: string, operation: string): string[] | undefined {
  const known = reviewed[`${service} ${operation}`] ?? ofClient(service, operation);
  return known && [...known, ...everywhere];
}

function ofClient(service: string, operation: string): string[] | undefined {
  const client = clients[service];
  if (client === undefined) return undefined;
  const types = join(root, 'node_modules/@aws-sdk', client, 'dist-types');
  const command = join(types, 'commands', `${pascal(operation)}Command.d.ts`);
  let request: string | undefined;
  try {
    request = /interface \w+CommandInput extends (\w+)/.exec(readFileSync(command, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
  for (const file of readdirSync(join(types, 'models'))) {
    const [, members] =
      new RegExp(`export interface ${request} \\{([\\s\\S]*?)\\n\\}`).exec(
        readFileSync(join(types, 'models', file), 'utf8'),
      ) ?? [];
    if (members !== undefined) return [...members.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name = '']) => kebab(name));
  }
  return undefined;
}
