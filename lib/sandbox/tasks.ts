import { CfnDeletionPolicy, Fn, Names, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { layout } from '../../sandbox/layout.ts';
import { grant } from '../iam/grant.ts';
import { gatewayPort, pascal, variables } from '../names.ts';
import type { FargateSize } from '../props/fargate-size.ts';
import type { SandboxImage } from '../props/images.ts';
import { repositoryArn, repositoryUri } from '../storage/state.ts';

interface SandboxProps {
  /** Name of the repository of all images. */
  images: string;
  /** What follows the repository's name: `:tag` or `@sha256:…`. */
  gatewayImage: string;
  sandboxImages: SandboxImage[];
  /** Origin of the proxy that gateways go out through. */
  proxyUrl?: string;
  /** Whether sandboxes run on Spot capacity first. */
  spot: boolean;
  size: FargateSize;
  /** The gateway's broker, and the bucket that the two and the functions meet in. */
  broker: lambda.IFunction;
  artifacts: string;
  /** MiB of disk; Fargate gives 20 GiB at no charge, and at most 200. */
  diskMb: number;
  /** Of the gateway's log. */
  removalPolicy: RemovalPolicy;
}

/** What may be written inside; everything else of the image is read-only. */
const writable = {
  sandbox: [layout.workspace, layout.home, layout.out, layout.tmp, layout.agent, layout.runner],
  gateway: [layout.tmp],
} as const;

/** A gateway streams; it computes little. */
const gatewaySize: FargateSize = { cpu: 256, memoryMb: 512 };
const ephemeralGib = { free: 20, min: 21 };

/**
 * The cluster and the tasks of a phase: the gateway, and a sandbox per image. Plain task definitions: the ready-made ones always give a task a role, and a
 * role's credentials are readable inside the task at an address that no security group covers. Only the gateway has one.
 */
export class Sandbox extends Construct {
  /** ARN. */
  readonly cluster: string;
  readonly clusterName: string;
  readonly gatewayTask: string;
  /** JSON of the task definitions by runtime. */
  readonly sandboxTasks: string;
  readonly capacity: 'FARGATE' | 'FARGATE_SPOT';
  /** ARN patterns of every revision of each. */
  readonly taskPatterns: string[];
  /** ARNs of the roles that whoever starts a task passes to ECS. Only the gateway's own is seen inside a container. */
  readonly taskRoles: string[];

  constructor(scope: Construct, id: string, props: SandboxProps) {
    super(scope, id);
    const cluster = new ecs.CfnCluster(this, 'Cluster', {
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      configuration: { executeCommandConfiguration: { logging: 'NONE' } },
    });
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions::AwsSolutions-ECS4',
      reason: 'Container Insights is charged per task and metric; a phase reports its own figures with the run.',
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
    const sandboxes = props.sandboxImages.map(({ name, image, runtimes }) => {
      const task = this.#task(`SandboxTask${pascal(name)}`, name, props.size, sandboxRole, writable.sandbox, {
        name: 'sandbox',
        image: `${uri}${image}`,
      });
      if (gib > ephemeralGib.free) task.ephemeralStorage = { sizeInGiB: Math.max(gib, ephemeralGib.min) };
      Validations.of(task).acknowledge({
        id: 'AwsSolutions::AwsSolutions-ECS7',
        reason: 'A sandbox reaches no endpoint of CloudWatch; what it prints goes through its gateway to the evidence.',
      });
      // `family:revision`: whole ARNs of many would not fit into an environment.
      for (const runtime of runtimes) definitions[runtime] = Fn.select(1, Fn.split('/', task.ref));
      return task;
    });
    const gateway = this.#task('GatewayTask', 'gateway', gatewaySize, gatewayRole, writable.gateway, {
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
    });
    const gatewayTaskRole = this.#gatewayRole(props.broker);
    gateway.taskRoleArn = gatewayTaskRole.roleArn;
    Validations.of(gateway).acknowledge({
      id: 'AwsSolutions::AwsSolutions-ECS2',
      reason:
        'Names of resources and a port, no secret: what a gateway holds comes from the broker, against its grant.',
    });
    this.cluster = cluster.attrArn;
    this.clusterName = cluster.ref;
    this.sandboxTasks = Stack.of(this).toJsonString(definitions);
    this.capacity = props.spot ? 'FARGATE_SPOT' : 'FARGATE';
    this.gatewayTask = gateway.ref;
    this.taskPatterns = [...sandboxes, gateway].map((task) =>
      Stack.of(this).formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${task.family}:*` }),
    );
    this.taskRoles = [sandboxRole.roleArn, gatewayRole.roleArn, gatewayTaskRole.roleArn];
  }

  #task(
    id: string,
    name: string,
    size: FargateSize,
    role: iam.Role,
    paths: readonly string[],
    container: ecs.CfnTaskDefinition.ContainerDefinitionProperty,
  ): ecs.CfnTaskDefinition {
    const task = new ecs.CfnTaskDefinition(this, id, {
      family: `${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}-${name}`,
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
          // Nobody's rights, nothing to write but those folders. Fargate has no seccomp profiles of one's own.
          readonlyRootFilesystem: true,
          user: `${layout.uid}:${layout.uid}`,
          linuxParameters: { capabilities: { drop: ['ALL'] }, initProcessEnabled: true },
          mountPoints: paths.map((path) => ({ containerPath: path, sourceVolume: volumeName(path), readOnly: false })),
          stopTimeout: 30,
        },
      ],
    });
    // A function that was called before an update may still start the revision it knows.
    task.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    Validations.of(task).acknowledge({
      id: 'CloudFormation-Validate::W3011',
      reason: 'Only a replaced revision is kept; when the stack goes, nobody starts a task any more.',
    });
    return task;
  }

  /** The gateway's own: it may ask the broker, which decides what for. */
  #gatewayRole(broker: lambda.IFunction): iam.Role {
    const role = new iam.Role(this, 'GatewayTaskRole', { assumedBy: this.#tasks() });
    grant(role, [{ actions: ['lambda:InvokeFunction'], resources: [broker.functionArn] }]);
    return role;
  }

  /** Tasks of this account: a service that is asked by others must not lend them this role. */
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
        because: 'A token of the registry is for no repository in particular.',
      },
      {
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: [repositoryArn(this, images)],
      },
    ]);
    return role;
  }
}

/** For Node's fetch and for git. Only of https: the task's credentials come from a plain address of its own. */
const throughProxy = (url: string): { name: string; value: string }[] => [
  { name: 'HTTPS_PROXY', value: url },
  { name: 'NODE_USE_ENV_PROXY', value: '1' },
];

const volumeName = (path: string): string => path.slice(1).replaceAll('/', '-');
