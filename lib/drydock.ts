import { dirname, join, resolve } from 'node:path';
import { Fn, Names, type RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { packageRoot } from '../common/package-info.ts';
import { defined } from '../core/defined.ts';
import { defaultRanges } from '../core/deployment/settings.ts';
import type { Policy, PolicyInput } from '../core/policy/schema.ts';
import { Broker } from './control/broker.ts';
import { Control } from './control/control.ts';
import type { Domain } from './control/domain.ts';
import type { OidcProps } from './control/pages.ts';
import { ImageBuilds, type ImageBuildsProps } from './images/image-builds.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import { Network } from './network/network.ts';
import { type FargateSize, fargateSize } from './props/fargate-size.ts';
import { gatewayImage, type Images, sandboxImages } from './props/images.ts';
import { checkPolicy } from './props/policy.ts';
import { propError } from './props/prop-error.ts';
import { checkProxy } from './props/proxy.ts';
import { serviceContainers } from './props/services.ts';
import { Sandbox } from './sandbox/tasks.ts';
import { kept } from './storage/kept.ts';
import type { State } from './storage/state.ts';
import { Storage } from './storage/storage.ts';

export interface DrydockProps {
  /** Path of a policy file, or the policy as an object. Its limits determine the size of the sandbox. */
  policy: string | PolicyInput;
  /**
   * Whether Runtime Monitoring of GuardDuty may add its agent to the tasks. Default: the cluster is excluded from it by the
   * tag `GuardDutyManaged: false`, because the agent cannot be pulled from the network of the sandboxes.
   */
  guardDuty?: boolean;
  /**
   * Availability zones of the networks that Drydock creates, 1 to 3. Default: 1. Each further zone adds two interface
   * endpoints, about 15 USD a month. Not allowed with `vpc`, which has its own zones.
   */
  zones?: number;
  /** Names of the zones in place of their number, where Fargate is not in the first ones of the region. */
  zoneNames?: readonly string[];
  /** Address ranges of the networks that Drydock creates, /16 to /20. Default: 10.201.0.0/20 and 10.201.16.0/20. */
  ranges?: { sandbox?: string | undefined; egress?: string | undefined };
  /**
   * Network of the sandboxes: isolated subnets only, and nothing else in it, because its DNS resolves only the names
   * for image pulls. Default: a new network.
   */
  vpc?: ec2.IVpc;
  /**
   * Network through which the gateways reach models, registries and code hosts: its private subnets, or its public ones
   * if it has none. It is peered with the sandboxes' network, so their address ranges must not overlap. Default: a new
   * network with public subnets and no NAT gateway. With `proxyUrl`, `http://host:port` without a
   * password, requests to models, registries and code hosts go through that proxy; AWS services are reached directly.
   */
  egress?: { vpc?: ec2.IVpc; proxyUrl?: string };
  /**
   * Digests, `sha256:` and 64 hex digits, of images in Drydock's repository: `gateway`, and `node`, `python`, `java`,
   * `go`, `rust` for sandboxes. Default: the tags `<name>-<version>` of this package, which a newer build moves.
   */
  images?: Images;
  /**
   * KMS key for all stored data. Default: a new key, rotated yearly. Not allowed with `state`, which has its key
   * already.
   */
  encryptionKey?: kms.IKey;
  /** Permissions boundary of every role that Drydock creates. Default: none. */
  permissionsBoundary?: iam.IManagedPolicy;
  /** Removal policy of data and logs. Default: RETAIN_ON_UPDATE_OR_DELETE, with deletion protection of the tables. */
  removalPolicy?: RemovalPolicy;
  /** The stores of another stack, from `importState`. Default: this construct creates them. */
  state?: State;
  /**
   * The identity provider for the pages, where people see runs and decide gates. The policy's `people` maps the
   * signed-in identities. Default: no pages.
   */
  oidc?: OidcProps;
  /**
   * Name of the API, with the ARN of its certificate in this region and the id of a zone of Route 53 that gets the record.
   * Default: a name that AWS makes up, and another one whenever the stack is made anew.
   */
  domain?: Domain;
  /** Receives each alarm and each return to OK. Default: alarms are visible in CloudWatch only. */
  alarmTopic?: sns.ITopic;
  /** Builds the images in the account. Default: they are pushed by hand, as docs/images.md says. */
  imageBuilds?: ImageBuildsProps;
  /** Folder of the functions' bundles, absolute. Default: `dist/lambdas` of this package. */
  bundles?: string;
}

/** MiB. Fargate's limit, checked here so that the error does not appear in a run. */
const maxDiskMb = 200 * 1_024;

/**
 * The pipeline in one account: state machine, functions, networks, sandboxes and stores.
 * @throws PolicyInvalid, PolicyRefused, UsageError, each with the path of this construct.
 */
export class Drydock extends Construct {
  readonly policy: Policy;
  readonly state: State;
  /** Name of the CodeBuild project that builds the images; `undefined` without `imageBuilds`. */
  readonly imageBuilds: string | undefined;
  readonly #control: Control;

  constructor(scope: Construct, id: string, props: DrydockProps) {
    super(scope, id);
    this.policy = checkPolicy(this, props.policy);
    const { zones = 1, images = {}, removalPolicy = kept } = props;
    if (!Number.isInteger(zones) || zones < 1 || zones > 3) {
      throw propError(this, 'UsageError', `zones is ${zones}; it must be 1, 2 or 3.`);
    }
    if (props.vpc && (props.zones !== undefined || props.zoneNames !== undefined)) {
      throw propError(this, 'UsageError', 'set zones or vpc, not both: a vpc has its own zones.');
    }
    if (props.state && props.encryptionKey) {
      throw propError(this, 'UsageError', 'set encryptionKey where the state is created, not together with state.');
    }

    if (props.permissionsBoundary) iam.PermissionsBoundary.of(this).apply(props.permissionsBoundary);
    this.state =
      props.state ??
      new Storage(this, 'Storage', {
        removalPolicy,
        ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}),
      }).state;
    const proxy = checkProxy(this, props.egress?.proxyUrl);
    const network = new Network(this, 'Network', {
      zones: props.zoneNames ?? Array.from({ length: zones }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      ranges: { ...defaultRanges, ...defined(props.ranges ?? {}) },
      images: this.state.images,
      removalPolicy,
      ...(props.vpc ? { vpc: props.vpc } : {}),
      ...(props.egress?.vpc ? { egress: props.egress.vpc } : {}),
      ...(proxy ? { proxyPort: Number(proxy.port) } : {}),
    });
    const gateway = gatewayImage(this, images);
    const sandboxes = sandboxImages(this, images, this.policy);
    const services = serviceContainers(this, this.policy, sandboxes.length);
    const bundles = props.bundles ?? join(packageRoot(), 'dist/lambdas');
    const broker = new Broker(this, 'Broker', { state: this.state, bundles, removalPolicy });
    const sandbox = new Sandbox(this, 'Sandbox', {
      broker: broker.function,
      artifacts: this.state.artifacts,
      images: this.state.images,
      gatewayImage: gateway,
      gatewaySize: this.#gatewaySize(),
      sandboxImages: sandboxes,
      spot: this.policy.sandbox.spot,
      ...(proxy ? { proxyUrl: proxy.origin } : {}),
      size: (servicesMb) => this.#size(servicesMb),
      memoryMb: this.policy.limits.memory_mb,
      services,
      bedrockRegions: bedrockRegionsOf(this.policy),
      diskMb: this.policy.limits.disk_mb,
      guardDuty: props.guardDuty ?? false,
      removalPolicy,
    });
    const builds =
      props.imageBuilds &&
      new ImageBuilds(this, 'ImageBuilds', {
        agents: agentsOf(this.policy),
        ...props.imageBuilds,
        repository: this.state.images,
        removalPolicy,
      });
    this.imageBuilds = builds?.projectName;
    const machine = Names.uniqueResourceName(this, { maxLength: 70, separator: '-' });
    this.#control = new Control(this, 'Control', {
      state: this.state,
      network,
      sandbox,
      policy: this.policy,
      machine,
      images: [gateway, ...[...sandboxes, ...services].map(({ image }) => image)],
      policyFolder: typeof props.policy === 'string' ? dirname(resolve(props.policy)) : undefined,
      bundles,
      oidc: props.oidc,
      domain: props.domain,
      removalPolicy,
    });
    const { all: alarms } = new Alarms(this, 'Alarms', {
      control: this.#control,
      broker: broker.function,
      builds,
      topic: props.alarmTopic,
    });
    this.#control.watchAlarms(alarms);
    new Dashboard(this, 'Overview', { control: this.#control, alarms });
  }

  /** Executions that failed: count, summed over five minutes. Rejected runs are included. */
  metricRunsFailed(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.#control.stateMachine.metricFailed({ label: 'Runs failed', ...options });
  }

  /** URL for the code host's deliveries: `POST`, signed with the webhook secret. */
  get webhookUrl(): string {
    return this.#control.web.webhookUrl;
  }

  /** The name that a record of `domain` points to; `undefined` without a domain, and where the record is made. */
  get domainTarget(): string | undefined {
    return this.#control.web.domainTarget;
  }

  /** URL of the pages, without a trailing slash; `undefined` without `oidc`. */
  get pagesUrl(): string | undefined {
    return this.#control.pages?.url;
  }

  /**
   * Lets a role use this stack from the command line: find it, and invoke the function that answers, `doctor --aws`
   * included. It grants no access to tables, buckets or keys. Only a person of the policy whose `iam` names the role
   * can decide; everyone else can only see runs.
   */
  grantApprove(grantee: iam.IGrantable): void {
    this.#control.operate.grantCall(grantee, 'operate', 'diagnose');
  }

  /**
   * Lets a role store the GitHub App that `drydock github setup --stack` creates. The role cannot read what is stored.
   */
  grantSetup(grantee: iam.IGrantable): void {
    this.#control.operate.grantCall(grantee, 'setup');
  }

  #gatewaySize(): FargateSize {
    const { cpu, memory_mb } = this.policy.sandbox.gateway;
    const size = fargateSize(cpu, memory_mb);
    if (size) return size;
    const asked = `the policy's sandbox.gateway asks for ${cpu} vCPU and ${memory_mb} MiB`;
    throw propError(this, 'UsageError', `${asked}; a Fargate task has at most 16 vCPU and 120 GiB.`);
  }

  #size(servicesMb: number): FargateSize {
    const { cpu, memory_mb, disk_mb } = this.policy.limits;
    const size = fargateSize(cpu, memory_mb + servicesMb);
    if (size && disk_mb <= maxDiskMb) return size;
    const ofServices = servicesMb === 0 ? '' : ` and ${servicesMb} MiB of services`;
    const asked = `the policy's limits ask for ${cpu} vCPU, ${memory_mb} MiB${ofServices}, and ${disk_mb} MiB of disk`;
    throw propError(this, 'UsageError', `${asked}; a Fargate task has at most 16 vCPU, 120 GiB and 200 GiB.`);
  }
}

/** The agents that profiles of the policy name. */
const agentsOf = ({ agents }: Policy): string[] => [
  ...new Set(Object.values(agents.profiles).flatMap(({ agent }) => agent ?? [])),
];

/** The regions of providers that the gateways' role signs for; one with a credential of its own needs no role. */
const bedrockRegionsOf = ({ providers }: Policy): string[] => [
  ...new Set(
    Object.values(providers).flatMap((provider) =>
      provider.kind === 'bedrock' && provider.credential === undefined ? [provider.region] : [],
    ),
  ),
];
