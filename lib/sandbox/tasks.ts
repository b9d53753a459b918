import { CfnDeletionPolicy, Fn, Names, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { layout, writableInSandbox } from '../../sandbox/layout.ts';
import { grant } from '../iam/grant.ts';
import { gatewayPort, pascal, serviceFamily, variables } from '../names.ts';
import type { FargateSize } from '../props/fargate-size.ts';
import type { SandboxImage } from '../props/images.ts';
import type { ServiceContainer } from '../props/services.ts';
import { repositoryArn, repositoryUri } from '../storage/state.ts';
import { revisionOf } from './revision.ts';
import { serviceContainer, setsOf } from './service-containers.ts';
import { ServiceRole } from './service-role.ts';

interface SandboxProps {
  /** Name of the image repository. */
  images: string;
  /** Suffix to the repository's URI: `:tag` or `@sha256:…`. */
  gatewayImage: string;
  sandboxImages: SandboxImage[];
  /** Origin of the gateways' proxy. */
  proxyUrl?: string;
  /** Whether sandboxes prefer Spot capacity. */
  spot: boolean;
  /** Size of a sandbox with services of so many MiB. */
  size(servicesMb: number): FargateSize;
  /** MiB of a sandbox without its services. */
  memoryMb: number;
  /** Services that a sandbox may have. */
  services: ServiceContainer[];
  /** The broker of the gateways, and the bucket through which gateways and functions exchange files. */
  broker: lambda.IFunction;
  artifacts: string;
  /** Regions of Amazon Bedrock whose models the gateways may call with their role. */
  bedrockRegions: readonly string[];
  /** MiB of disk. Fargate includes 20 GiB and allows at most 200. */
  diskMb: number;
  /** Whether GuardDuty may add its agent to the tasks. */
  guardDuty: boolean;
  /** Removal policy of the gateway's log group. */
  removalPolicy: RemovalPolicy;
}

/** Writable folders inside the containers; the rest of the image is read-only. */
const writable = {
  sandbox: writableInSandbox,
  gateway: [layout.tmp],
} as const;

/** A gateway streams and needs little CPU. */
const gatewaySize: FargateSize = { cpu: 256, memoryMb: 512 };
const ephemeralGib = { free: 20, min: 21 };
/** Place of the revision in the parts of an ARN. */
const revisionAt = 6;

/**
 * The cluster, and the task definitions of a phase: the gateway, and one sandbox per image and set of services. They are L1 resources,
 * because the L2 ones always create a task role, and its credentials are readable inside the task at an address that no
 * security group covers. Only the gateway has a task role.
 */
export class Sandbox extends Construct {
  /** ARN. */
  readonly cluster: string;
  readonly clusterName: string;
  readonly gatewayTask: string;
  /** JSON object of runtime → task definition. */
  readonly sandboxTasks: string;
  /** JSON of the task definitions with services; `undefined` if there are none. */
  readonly serviceTasks: string | undefined;
  readonly capacity: 'FARGATE' | 'FARGATE_SPOT';
  /** Changes with each new revision of a task definition. */
  readonly revision: string;
  /** ARN patterns for every revision of each task definition. */
  readonly taskPatterns: string[];
  /** ARNs of the roles that a launcher passes to ECS. Only the gateway's task role is visible inside a container. */
  readonly taskRoles: string[];

  constructor(scope: Construct, id: string, props: SandboxProps) {
    super(scope, id);
    const serviceRole = new ServiceRole(this, 'ServiceRole', { removalPolicy: props.removalPolicy });
    const cluster = new ecs.CfnCluster(this, 'Cluster', {
      configuration: { executeCommandConfiguration: { logging: 'NONE' } },
      // Its image is on no list of a sandbox, and its endpoint in the network would keep the stack from being deleted.
      // https://docs.aws.amazon.com/guardduty/latest/ug/managing-gdu-agent-ecs-automated.html
      ...(props.guardDuty ? {} : { tags: [{ key: 'GuardDutyManaged', value: 'false' }] }),
    });
    cluster.node.addDependency(serviceRole);
    // Apart from the cluster: ECS makes its service-linked role with the first cluster of an account, and these need it.
    new ecs.CfnClusterCapacityProviderAssociations(this, 'Capacity', {
      cluster: cluster.ref,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
    });
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions::AwsSolutions-ECS4',
      reason: 'Container Insights is charged per task and metric; each phase records its own usage in the run.',
    });
    const log = new logs.LogGroup(this, 'GatewayLog', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: props.removalPolicy,
    });
    const sandboxRole = this.#executionRole('Sandbox', props.images);
    const gatewayRole = this.#executionRole('Gateway', props.images);
    grant(gatewayRole, [{ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] }]);
    const uri = repositoryUri(this, props.images);
    const gib = Math.ceil(props.diskMb / 1_024);
    const definitions: Record<string, string> = {};
    const revisions: Record<string, string> = {};
    const sets = setsOf(props.services);
    const sandboxTask = (name: string, image: string, services: ServiceContainer[]): ecs.CfnTaskDefinition => {
      const servicesMb = services.reduce((sum, { memoryMb }) => sum + memoryMb, 0);
      const container = { name: 'sandbox', image: `${uri}${image}` };
      const alone = services.length === 0 ? container : { ...container, memory: props.memoryMb };
      const task = this.#task(name, props.size(servicesMb), sandboxRole, writable.sandbox, [
        alone,
        ...services.map((service) => serviceContainer(service, uri)),
      ]);
      if (gib > ephemeralGib.free) task.ephemeralStorage = { sizeInGiB: Math.max(gib, ephemeralGib.min) };
      Validations.of(task).acknowledge({
        id: 'AwsSolutions::AwsSolutions-ECS7',
        reason: 'A sandbox cannot reach CloudWatch; its output goes through its gateway to the evidence.',
      });
      return task;
    };
    const sandboxes = props.sandboxImages.map(({ name, image, runtimes }) => {
      const task = sandboxTask(name, image, []);
      const withServices = sets.map(({ bits, services }) =>
        sandboxTask(serviceFamily(name, String(bits)), image, services),
      );
      for (const runtime of runtimes) {
        // `family:revision`: many full ARNs would not fit into a function's environment.
        definitions[runtime] = Fn.select(1, Fn.split('/', task.ref));
        revisions[runtime] = withServices.map(({ ref }) => Fn.select(revisionAt, Fn.split(':', ref))).join(',');
      }
      return task;
    });
    const gateway = this.#task('gateway', gatewaySize, gatewayRole, writable.gateway, [
      {
        name: 'gateway',
        image: `${uri}${props.gatewayImage}`,
        portMappings: [{ containerPort: gatewayPort, protocol: 'tcp' }],
        environment: [
          { name: variables.artifacts, value: props.artifacts },
          { name: variables.broker, value: props.broker.functionName },
          { name: variables.gatewayPort, value: String(gatewayPort) },
          ...(props.proxyUrl === undefined ? [] : throughProxy(props.proxyUrl)),
        ],
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': log.logGroupName,
            'awslogs-region': Stack.of(this).region,
            'awslogs-stream-prefix': 'gateway',
          },
        },
      },
    ]);
    const gatewayTaskRole = this.#gatewayRole(props.broker);
    grantModels(this, gatewayTaskRole, props.bedrockRegions);
    gateway.taskRoleArn = gatewayTaskRole.roleArn;
    Validations.of(gateway).acknowledge({
      id: 'AwsSolutions::AwsSolutions-ECS2',
      reason:
        'Names of resources and a port, no secret: a gateway gets its credentials from the broker, with its grant.',
    });
    this.cluster = cluster.attrArn;
    this.clusterName = cluster.ref;
    this.sandboxTasks = Stack.of(this).toJsonString(definitions);
    this.serviceTasks =
      sets.length === 0
        ? undefined
        : Stack.of(this).toJsonString({ images: props.services.map(({ image }) => image.slice(-64, -52)), revisions });
    this.capacity = props.spot ? 'FARGATE_SPOT' : 'FARGATE';
    this.gatewayTask = gateway.ref;
    this.revision = revisionOf(this);
    const families = [...sandboxes, gateway].map(({ family }) => family ?? '');
    const withServices = sets.length === 0 ? [] : [serviceFamily(this.#family('*'), '*')];
    this.taskPatterns = [...families, ...withServices].map((family) =>
      Stack.of(this).formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${family}:*` }),
    );
    this.taskRoles = [sandboxRole.roleArn, gatewayRole.roleArn, gatewayTaskRole.roleArn];
  }

  #family(name: string): string {
    return `${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}-${name}`;
  }

  /** @param containers The first one is the role of the task; services have none of its folders. */
  #task(
    name: string,
    size: FargateSize,
    role: iam.Role,
    paths: readonly string[],
    [container, ...services]: [
      ecs.CfnTaskDefinition.ContainerDefinitionProperty,
      ...ecs.CfnTaskDefinition.ContainerDefinitionProperty[],
    ],
  ): ecs.CfnTaskDefinition {
    const id = name === 'gateway' ? 'GatewayTask' : `SandboxTask${pascal(name)}`;
    const task = new ecs.CfnTaskDefinition(this, id, {
      family: this.#family(name),
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
      cpu: String(size.cpu),
      memory: String(size.memoryMb),
      executionRoleArn: role.roleArn,
      volumes: paths.map((path) => ({ name: volumeName(path) })),
      containerDefinitions: [
        {
          ...container,
          essential: true,
          // An unprivileged user without capabilities, and only these writable folders. Fargate has no custom seccomp
          // profiles.
          readonlyRootFilesystem: true,
          user: `${layout.uid}:${layout.uid}`,
          linuxParameters: { capabilities: { drop: ['ALL'] }, initProcessEnabled: true },
          mountPoints: paths.map((path) => ({ containerPath: path, sourceVolume: volumeName(path), readOnly: false })),
          stopTimeout: 30,
        },
        ...services,
      ],
    });
    // A function version from before an update may still start the revision that it knows.
    task.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    Validations.of(task).acknowledge({
      id: 'CloudFormation-Validate::W3011',
      reason: 'Only a replaced revision is retained; after the deletion of the stack, no task is started.',
    });
    return task;
  }

  /** The gateway's task role: it may invoke the broker, which decides about each request. */
  #gatewayRole(broker: lambda.IFunction): iam.Role {
    const role = new iam.Role(this, 'GatewayTaskRole', { assumedBy: this.#tasks() });
    grant(role, [{ actions: ['lambda:InvokeFunction'], resources: [broker.functionArn] }]);
    return role;
  }

  /** Tasks of this account only, against the confused-deputy problem. */
  #tasks(): iam.ServicePrincipal {
    return new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
  }

  #executionRole(name: string, images: string): iam.Role {
    const role = new iam.Role(this, `${name}ExecutionRole`, { assumedBy: this.#tasks() });
    grant(role, [
      {
        actions: ['ecr:GetAuthorizationToken'],
        resources: ['*'],
        because: 'An authorization token of ECR applies to the whole registry.',
      },
      {
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: [repositoryArn(this, images)],
      },
    ]);
    return role;
  }
}

/** A profile of several regions needs its models in each of them. */
function grantModels(scope: Construct, role: iam.Role, regions: readonly string[]): void {
  if (regions.length === 0) return;
  const stack = Stack.of(scope);
  const profiles = regions.map((region) =>
    stack.formatArn({ service: 'bedrock', region, resource: 'inference-profile', resourceName: '*' }),
  );
  const models = stack.formatArn({
    service: 'bedrock',
    region: '*',
    account: '',
    resource: 'foundation-model',
    resourceName: '*',
  });
  grant(role, [
    {
      actions: ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
      resources: [models, ...profiles],
      because: 'The gateway asks for no model that models.allow of the policy does not name.',
    },
  ]);
}

/** For Node's `fetch` and for git. Only for https, because the task's credentials come from a plain http address. */
const throughProxy = (url: string): { name: string; value: string }[] => [
  { name: 'HTTPS_PROXY', value: url },
  { name: 'NODE_USE_ENV_PROXY', value: '1' },
];

const volumeName = (path: string): string => path.slice(1).replaceAll('/', '-');
