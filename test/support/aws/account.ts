/**
 * An account before and after a deployment, as far as `drydock aws` reads and changes it. Responses have the forms of the pages
 * named beside them.
 */
import { version } from '../../../common/package-info.ts';
import { AwsRefusal, type JsonOperation } from './call.ts';
import { Account as CloudFormation, type Deployed } from './cloudformation.ts';
import { ofType, type Template } from './template.ts';

const accountId = '123456789012';
const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:${accountId}:${rest}`;

interface CloudStack {
  id: string;
  status: string;
  description: string;
  outputs: Record<string, string>;
  /** Newest first. */
  events: { logicalId: string; type: string; status: string; reason: string }[];
  template?: Template;
  deployed?: Deployed;
}

export interface AccountModel {
  operations: Record<string, JsonOperation>;
  /** Actions that the caller may not do. */
  denied: Set<string>;
  parameters: Map<string, string>;
  stacks: Map<string, CloudStack>;
  /** ARNs of secrets, and the texts of those that have one. */
  secrets: Map<string, string | undefined>;
  serviceRole: boolean;
  /** Tags in the image repository. */
  images: Set<string>;
  zones: { name: string; id: string; state?: string }[];
  vpcs: number;
  quotas: Record<string, number | undefined>;
  models: Record<string, Partial<Record<'agreement' | 'authorization' | 'region', string>>>;
  profiles: Set<string>;
  identities: Set<string>;
  mail: { ProductionAccessEnabled: boolean; SendingEnabled: boolean };
  tables: Set<string>;
  /** What the stack writes for the command line. */
  address: string;
  alarms: { AlarmName: string; AlarmDescription: string }[];
  /** Of the images in CodeBuild, the newest first. */
  builds: { id: string; status: string }[];
  /** How a build ends at the second look. */
  buildEnds: string;
  /** Names of executions that run. */
  executions: string[];
  /** How often each thing was made. */
  made: Record<string, number>;
  /** Deploys a template, as CloudFormation does. @param failing Logical id of a resource that fails. */
  deploy(name: string, template: Template, failing?: string): boolean;
  remove(name: string): void;
}

export function accountModel(): AccountModel {
  const cloudFormation = new CloudFormation();
  const count = (what: string) => {
    model.made[what] = (model.made[what] ?? 0) + 1;
  };
  const model: AccountModel = {
    denied: new Set(),
    parameters: new Map(),
    stacks: new Map(),
    secrets: new Map(),
    serviceRole: false,
    images: new Set(),
    zones: ['a', 'b', 'c'].map((letter, i) => ({ name: `eu-central-1${letter}`, id: `euc1-az${i + 1}` })),
    vpcs: 1,
    quotas: { 'L-3032A538': 16, 'L-B99A9384': 1000, 'L-F678F1CE': 5 },
    models: {},
    profiles: new Set(),
    identities: new Set(),
    mail: { ProductionAccessEnabled: true, SendingEnabled: true },
    tables: new Set(),
    address: '{}',
    alarms: [],
    builds: [],
    buildEnds: 'SUCCEEDED',
    executions: [],
    made: {},
    operations: {},
    deploy(name, template, failing) {
      const found = model.stacks.get(name);
      const update = found?.template !== undefined && found.status !== 'ROLLBACK_COMPLETE';
      const id = found && update ? found.id : arn('cloudformation', `stack/${name}/${model.stacks.size + 1}`);
      const stack: CloudStack = {
        id,
        status: update ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE',
        description: template.Description ?? '',
        outputs: Object.fromEntries(Object.keys(template.Outputs ?? {}).map((key) => [key, `value-of-${key}`])),
        events: [],
        template,
      };
      model.stacks.set(name, stack);
      if (update && found?.deployed) {
        stack.deployed = found.deployed;
        return true;
      }
      const began = {
        logicalId: name,
        type: 'AWS::CloudFormation::Stack',
        status: 'CREATE_IN_PROGRESS',
        reason: 'User Initiated',
      };
      try {
        stack.deployed = cloudFormation.create(template, failing);
      } catch (error) {
        delete stack.template;
        stack.status = 'ROLLBACK_COMPLETE';
        const [, logicalId = '', reason = ''] = /^(\w+): (.*)$/s.exec((error as Error).message) ?? [];
        const type = template.Resources[logicalId]?.Type ?? '';
        stack.events = [
          { logicalId: name, type: began.type, status: 'ROLLBACK_COMPLETE', reason: '' },
          {
            logicalId: 'Other',
            type: 'AWS::SQS::Queue',
            status: 'CREATE_FAILED',
            reason: 'Resource creation cancelled',
          },
          { logicalId, type, status: 'CREATE_FAILED', reason },
          began,
        ];
        return false;
      }
      count(`stack ${name}`);
      // An event of CloudFormation starts the first build.
      if (ofType(template, 'AWS::CodeBuild::Project').length > 0)
        model.builds.unshift({ id: 'images:1', status: 'IN_PROGRESS' });
      for (const [, { Name }] of ofType(template, 'AWS::SSM::Parameter'))
        if (typeof Name === 'string') model.parameters.set(Name, written(Name));
      if (name.endsWith('State')) for (const part of ['runs', 'ledger', 'gates']) model.tables.add(part);
      return true;
    },
    remove(name) {
      const stack = model.stacks.get(name);
      if (!stack) return;
      if (stack.template && stack.deployed) cloudFormation.delete(stack.template, stack.deployed);
      for (const [, { Name }] of ofType(stack.template ?? { Parameters: {}, Resources: {} }, 'AWS::SSM::Parameter'))
        if (typeof Name === 'string' && Name.startsWith('/drydock/stacks/')) model.parameters.delete(Name);
      stack.status = 'DELETE_COMPLETE';
      model.stacks.delete(name);
      model.stacks.set(stack.id, stack);
    },
  };
  /** What the templates write there: names, ARNs of secrets, the address of the deployment. */
  const written = (name: string): string => {
    const part = name.split('/').at(-1) ?? '';
    if (['github', 'models', 'deployment', 'slack'].includes(part)) {
      const secret = arn('secretsmanager', `secret:${part}`);
      if (!model.secrets.has(secret)) model.secrets.set(secret, part === 'deployment' ? 'made' : undefined);
      return secret;
    }
    return name.includes('/stacks/') ? model.address : part;
  };
  model.operations = operationsOf(model, count);
  return model;
}

const members = (items: string[], of: 'member' | 'item') => items.map((item) => `<${of}>${item}</${of}>`).join('');
const xml = (action: string, content: string): string =>
  `<${action}Response xmlns="https://example.amazonaws.com/doc/">${content}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`;
const result = (action: string, content: string): string =>
  xml(action, `<${action}Result>${content}</${action}Result>`);
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function operationsOf(model: AccountModel, count: (what: string) => void): Record<string, JsonOperation> {
  const stackOf = (name: unknown): CloudStack => {
    const stack = model.stacks.get(String(name)) ?? [...model.stacks.values()].find(({ id }) => id === name);
    // https://github.com/aws/aws-cdk: `Stack with id … does not exist` with the code ValidationError
    if (!stack) throw new AwsRefusal('ValidationError', `Stack with id ${String(name)} does not exist`);
    return stack;
  };
  const seen = new Set<string>();
  const operations: Record<string, JsonOperation> = {
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    'sts:GetCallerIdentity': () =>
      result(
        'GetCallerIdentity',
        `<Arn>arn:aws:sts::${accountId}:assumed-role/admin/me</Arn><UserId>AROA:me</UserId><Account>${accountId}</Account>`,
      ),
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    'iam:GetRole': ({ RoleName }) => {
      if (!model.serviceRole)
        throw new AwsRefusal('NoSuchEntity', `The role with name ${String(RoleName)} cannot be found.`, 404);
      return result(
        'GetRole',
        `<Role><Path>/aws-service-role/ecs.amazonaws.com/</Path><RoleName>${String(RoleName)}</RoleName></Role>`,
      );
    },
    'iam:CreateServiceLinkedRole': () => {
      if (model.serviceRole)
        throw new AwsRefusal(
          'InvalidInput',
          'Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.',
        );
      model.serviceRole = true;
      count('service role');
      return result('CreateServiceLinkedRole', '<Role><RoleName>AWSServiceRoleForECS</RoleName></Role>');
    },
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
    'cloudformation:DescribeStacks': ({ StackName }) => {
      const { id, status, description, outputs } = stackOf(StackName);
      const out = Object.entries(outputs).map(
        ([key, value]) => `<OutputKey>${key}</OutputKey><OutputValue>${escaped(value)}</OutputValue>`,
      );
      return result(
        'DescribeStacks',
        `<Stacks><member><StackName>${String(StackName)}</StackName><StackId>${id}</StackId><Description>${escaped(description)}</Description><StackStatus>${status}</StackStatus>${out.length === 0 ? '' : `<Outputs>${members(out, 'member')}</Outputs>`}</member></Stacks>`,
      );
    },
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    'cloudformation:DescribeStackEvents': ({ StackName, NextToken }) => {
      const { id, events } = stackOf(StackName);
      // A page each, so that pages are read.
      const at = Number(NextToken ?? 0);
      const item = (event: (typeof events)[number]) =>
        `<StackId>${id}</StackId><LogicalResourceId>${event.logicalId}</LogicalResourceId><PhysicalResourceId>${event.type.endsWith('::Stack') ? id : 'physical'}</PhysicalResourceId><ResourceType>${event.type}</ResourceType><ResourceStatus>${event.status}</ResourceStatus><ResourceStatusReason>${escaped(event.reason)}</ResourceStatusReason>`;
      const next = at + 1 < events.length ? `<NextToken>${at + 1}</NextToken>` : '';
      return result(
        'DescribeStackEvents',
        `<StackEvents>${members(events.slice(at, at + 1).map(item), 'member')}</StackEvents>${next}`,
      );
    },
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
    'cloudformation:ListStackResources': ({ StackName, NextToken }) => {
      const all = Object.entries(stackOf(StackName).template?.Resources ?? {});
      const at = Number(NextToken ?? 0);
      const items = all
        .slice(at, at + 100)
        .map(
          ([id, { Type }]) =>
            `<LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${Type === 'AWS::CodeBuild::Project' ? 'images' : `arn:of:${id}`}</PhysicalResourceId><ResourceType>${Type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>`,
        );
      const next = at + 100 < all.length ? `<NextToken>${at + 100}</NextToken>` : '';
      return result(
        'ListStackResources',
        `<StackResourceSummaries>${members(items, 'member')}</StackResourceSummaries>${next}`,
      );
    },
    // https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListBuildsForProject.html
    'codebuild:ListBuildsForProject': () => ({ ids: model.builds.map(({ id }) => id) }),
    // https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html
    'codebuild:BatchGetBuilds': ({ ids }) => {
      const [id = ''] = ids as string[];
      const build = model.builds.find((each) => each.id === id);
      const answer = { builds: [{ id, buildStatus: build?.status, logs: { deepLink: `https://logs/${id}` } }] };
      if (build?.status === 'IN_PROGRESS' && seen.has(id)) {
        build.status = model.buildEnds;
        if (model.buildEnds === 'SUCCEEDED') for (const tag of ourImages) model.images.add(tag);
      }
      seen.add(id);
      return answer;
    },
    // https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
    'codebuild:StartBuild': ({ projectName }) => {
      if (model.builds.some(({ status }) => status === 'IN_PROGRESS'))
        throw new AwsRefusal(
          'AccountLimitExceededException',
          'Cannot have more than 1 builds in queue for the project',
        );
      model.builds.unshift({ id: `${String(projectName)}:${model.builds.length + 1}`, status: 'IN_PROGRESS' });
      count('build');
      return { build: { buildStatus: 'IN_PROGRESS' } };
    },
    // https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    'states:ListExecutions': ({ stateMachineArn, statusFilter }) => ({
      executions: model.executions.map((name) => ({
        executionArn: `${String(stateMachineArn)}:${name}`,
        stateMachineArn,
        name,
        status: statusFilter,
        startDate: 1_795_262_400,
      })),
    }),
    'cloudformation:DeleteStack': ({ StackName }) => {
      const stack = stackOf(StackName);
      count(`delete ${String(StackName)}`);
      if (stack.status !== 'DELETE_FAILED') stack.status = 'DELETE_IN_PROGRESS';
      return xml('DeleteStack', '');
    },
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html
    'ec2:DescribeVpcs': () => {
      const items = Array.from({ length: model.vpcs }, (_, i) => `<vpcId>vpc-${i}</vpcId><state>available</state>`);
      return xml('DescribeVpcs', `<requestId>r</requestId><vpcSet>${members(items, 'item')}</vpcSet>`);
    },
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
    'ec2:DescribeAvailabilityZones': () => {
      const items = model.zones.map(
        ({ name, id, state = 'available' }) =>
          `<optInStatus>opt-in-not-required</optInStatus><zoneName>${name}</zoneName><zoneId>${id}</zoneId><zoneState>${state}</zoneState><messageSet/>`,
      );
      return xml('DescribeAvailabilityZones', `<availabilityZoneInfo>${members(items, 'item')}</availabilityZoneInfo>`);
    },
    // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
    'ssm:GetParameter': ({ Name }) => {
      const Value = model.parameters.get(String(Name));
      if (Value === undefined) throw new AwsRefusal('ParameterNotFound', '');
      return { Parameter: { Name, Value, Type: 'String', Version: 1 } };
    },
    // https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    'servicequotas:GetServiceQuota': ({ QuotaCode, ServiceCode }) => {
      const Value = model.quotas[String(QuotaCode)];
      if (Value === undefined)
        throw new AwsRefusal(
          'NoSuchResourceException',
          'The request failed because the specified resource does not exist.',
        );
      return { Quota: { QuotaCode, ServiceCode, Value, Adjustable: true, GlobalQuota: false, Unit: 'None' } };
    },
    'servicequotas:GetAWSDefaultServiceQuota': ({ QuotaCode }) => ({ Quota: { QuotaCode, Value: 6 } }),
    // https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
    'ecr:DescribeImages': ({ imageIds }) => {
      const [{ imageTag = '' } = {}] = imageIds as { imageTag?: string }[];
      if (!model.images.has(imageTag))
        throw new AwsRefusal(
          'ImageNotFoundException',
          `The image with imageId {imageTag:'${imageTag}'} does not exist`,
        );
      return { imageDetails: [{ imageTags: [imageTag] }] };
    },
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    'secretsmanager:DescribeSecret': ({ SecretId }) => ({
      ARN: SecretId,
      ...(model.secrets.get(String(SecretId)) === undefined ? {} : { VersionIdsToStages: { v1: ['AWSCURRENT'] } }),
    }),
    'secretsmanager:PutSecretValue': ({ SecretId, SecretString }) => {
      model.secrets.set(String(SecretId), String(SecretString));
      count(`value of ${String(SecretId)}`);
      return { ARN: SecretId, VersionStages: ['AWSCURRENT'] };
    },
    'dynamodb:DescribeTable': ({ TableName }) => {
      if (!model.tables.has(String(TableName)))
        throw new AwsRefusal(
          'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
          'Requested resource not found',
        );
      return { Table: { TableName, TableStatus: 'ACTIVE' } };
    },
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    'monitoring:DescribeAlarms': ({ AlarmNamePrefix }) => ({
      CompositeAlarms: [],
      MetricAlarms: model.alarms.filter(({ AlarmName }) => AlarmName.startsWith(String(AlarmNamePrefix))),
    }),
    // https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
    'ses:GetEmailIdentity': ({ EmailIdentity }) => {
      if (!model.identities.has(String(EmailIdentity)))
        throw new AwsRefusal('NotFoundException', `Email identity ${String(EmailIdentity)} does not exist.`, 404);
      return { IdentityType: 'EMAIL_ADDRESS', VerifiedForSendingStatus: true };
    },
    'ses:GetAccount': () => model.mail,
    // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetFoundationModelAvailability.html
    'bedrock:GetFoundationModelAvailability': ({ modelId }) => {
      const known = model.models[String(modelId)];
      if (!known) throw new AwsRefusal('ResourceNotFoundException', 'Could not resolve the foundation model', 404);
      const { agreement = 'AVAILABLE', authorization = 'AUTHORIZED', region = 'AVAILABLE' } = known;
      return {
        modelId,
        agreementAvailability: { status: agreement },
        authorizationStatus: authorization,
        entitlementAvailability: 'AVAILABLE',
        regionAvailability: region,
      };
    },
    // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetInferenceProfile.html
    'bedrock:GetInferenceProfile': ({ inferenceProfileIdentifier: id }) => {
      if (!model.profiles.has(String(id)))
        throw new AwsRefusal('ResourceNotFoundException', 'Inference profile not found.', 404);
      return { inferenceProfileId: id, models: [], status: 'ACTIVE', type: 'SYSTEM_DEFINED' };
    },
  };
  return Object.fromEntries(
    Object.entries(operations).map(([action, operation]) => [
      action,
      (input: Record<string, unknown>) => {
        const [service = ''] = action.split(':');
        if (!model.denied.has(action)) return operation(input);
        const code = { ec2: 'UnauthorizedOperation', iam: 'AccessDenied', cloudformation: 'AccessDenied' }[service];
        throw new AwsRefusal(
          code ?? 'AccessDeniedException',
          `User: arn:aws:sts::${accountId}:assumed-role/admin/me is not authorized to perform: ${action}`,
          403,
        );
      },
    ]),
  );
}

export const ourImages = [`gateway-${version()}`, `node-${version()}`];
