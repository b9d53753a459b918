/**
 * CloudFormation's rules for names, retention and order, of one account and region, as far as they decide whether a deployment
 * can be repeated:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
import type { Resource, Template } from './template.ts';

/** The property of a type that is the name of the resource, unique in the account and region. */
const nameProperties: Record<string, string> = {
  'AWS::ApiGatewayV2::DomainName': 'DomainName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::ECR::Repository': 'RepositoryName',
  'AWS::ECS::Cluster': 'ClusterName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::KMS::Alias': 'AliasName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
};
/** Types that CloudFormation does not know in every region: it refuses the template before anything is made. */
const unknownSomewhere = new Set(['AWS::Route53Resolver::FirewallConfig']);

export interface Deployed {
  stackId: string;
  /** Logical ids in the order in which they were made. */
  resources: string[];
}

/** A new account: it has never used ECS, has ten concurrent executions of functions, and its secrets are empty. */
export class Account {
  /** `type name` of what exists. */
  readonly names = new Set<string>();
  #stacks = 0;

  /**
   * Creates a stack.
   * @param failing Logical id of a resource that fails, for whatever reason.
   * @throws Error with the reason, after the rollback.
   */
  create(template: Template, failing?: string): Deployed {
    const stackId = `stack-${++this.#stacks}`;
    const made: string[] = [];
    const resources = template.Resources;
    try {
      for (const { Type } of Object.values(resources))
        if (unknownSomewhere.has(Type))
          throw new Error(`Template format error: Unrecognized resource types: [${Type}]`);
      for (const id of inOrder(resources)) {
        const resource = resources[id] as Resource;
        const name = nameOf(resource, stackId);
        if (name !== undefined && this.names.has(name)) throw new Error(`${id}: ${name} already exists`);
        const refused = id === failing ? 'it fails' : refusal(resource, template);
        if (refused !== undefined) throw new Error(`${id}: ${refused}`);
        if (name !== undefined) this.names.add(name);
        made.push(id);
      }
    } catch (error) {
      // The rollback of a creation deletes what RetainExceptOnCreate keeps later.
      this.#remove(template, { stackId, resources: made }, (policy) => policy === 'Retain');
      throw error;
    }
    return { stackId, resources: made };
  }

  delete(template: Template, deployed: Deployed): void {
    this.#remove(template, deployed, (policy) => policy === 'Retain' || policy === 'RetainExceptOnCreate');
  }

  #remove(template: Template, { stackId, resources }: Deployed, keeps: (policy: string) => boolean): void {
    for (const id of [...resources].reverse()) {
      const resource = template.Resources[id] as Resource;
      if (keeps(resource.DeletionPolicy ?? 'Delete')) continue;
      if (resource.Properties?.DeletionProtectionEnabled === true)
        throw new Error(`${id}: it is protected from deletion; the stack is stuck in ROLLBACK_FAILED`);
      const name = nameOf(resource, stackId);
      if (name !== undefined) this.names.delete(name);
    }
  }
}

/** Why a new account refuses a resource. */
function refusal({ Type, Properties = {} }: Resource, template: Template): string | undefined {
  if (Type === 'AWS::Lambda::Function' && Properties.ReservedConcurrentExecutions !== undefined)
    return 'the unreserved concurrency of the account would fall below ten';
  if (Type === 'AWS::ECS::Cluster' && Properties.CapacityProviders !== undefined)
    return 'unable to assume the service linked role of ECS';
  if (Type === 'AWS::SecretsManager::RotationSchedule' && isEmptySecret(Properties.SecretId, template))
    return 'the rotation function fails on a secret without a value';
  return undefined;
}

/** A secret of another stack has the value that people put there, which is none at first, unless it is generated. */
function isEmptySecret(id: unknown, { Resources, Parameters }: Template): boolean {
  const ref = (id as { Ref?: string } | undefined)?.Ref ?? '';
  if (ref in Resources) return Resources[ref]?.Properties.GenerateSecretString === undefined;
  return JSON.stringify(Parameters[ref] ?? '').includes('/github');
}

/** A name that is written in the template; with the id of the stack in it, it is another one for each stack. */
function nameOf({ Type, Properties = {} }: Resource, stackId: string): string | undefined {
  const value = Properties[nameProperties[Type] ?? ''];
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return `${Type} ${text.includes('AWS::StackId') ? `${text} of ${stackId}` : text}`;
}

/** Every resource after those that it refers to. */
function inOrder(resources: Record<string, Resource>): string[] {
  const order: string[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    if (order.includes(id) || !(id in resources)) return;
    if (path.includes(id)) throw new Error(`Circular dependency between resources: [${path.join(', ')}]`);
    const { DependsOn = [], ...resource } = resources[id] as Resource;
    const refers = [...JSON.stringify(resource).matchAll(/"(?:Ref":"|Fn::GetAtt":\[")([^"]+)"/g)].map(
      ([, to]) => to ?? '',
    );
    for (const to of [...[DependsOn].flat(), ...refers]) visit(to, [...path, id]);
    order.push(id);
  };
  for (const id of Object.keys(resources)) visit(id, []);
  return order;
}
