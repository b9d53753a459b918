import { dirname, join, resolve } from 'node:path';
import { Names, RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { packageRoot } from '../common/package-info.ts';
import type { Policy, PolicyInput } from '../core/policy/schema.ts';
import { Broker } from './control/broker.ts';
import { Control } from './control/control.ts';
import type { OidcProps } from './control/pages.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import { Network } from './network/network.ts';
import { type FargateSize, fargateSize } from './props/fargate-size.ts';
import { gatewayImage, type Images, sandboxImages } from './props/images.ts';
import { checkPolicy } from './props/policy.ts';
import { propError } from './props/prop-error.ts';
import { checkProxy } from './props/proxy.ts';
import { Sandbox } from './sandbox/tasks.ts';
import type { State } from './storage/state.ts';
import { Storage } from './storage/storage.ts';

export interface DrydockProps {
  /** Path of a policy file, or the policy as an object. Its limits give the size of the sandbox. */
  policy: string | PolicyInput;
  /**
   * Availability zones of the networks made here, 1 to 3. Default: 1. Each further one adds two interface endpoints,
   * about 15 USD a month. Not with `vpc`, which has its zones.
   */
  zones?: number;
  /**
   * Network of the sandboxes: isolated subnets only, for sandboxes alone, as names in it are answered for image pulls
   * only. Default: one of its own, 10.201.0.0/20.
   */
  vpc?: ec2.IVpc;
  /**
   * Network that the gateways reach models, registries and code hosts from: its private subnets, else its public ones. It
   * is peered with the sandboxes', so their ranges of addresses may not overlap. Default: one of its own, 10.201.16.0/20,
   * with public subnets and no NAT gateway. With `proxyUrl`, `http://host:port` without a password, what gateways fetch of
   * models, registries and code hosts goes through that proxy; AWS's own services are reached directly.
   */
  egress?: { vpc?: ec2.IVpc; proxyUrl?: string };
  /**
   * Digests, `sha256:` and 64 hex, of images in Drydock's repository: `gateway`, and `node`, `python`, `java`, `go`,
   * `rust` for sandboxes. Default: the tags `<name>-<version>` of this package; the repository's tags cannot be moved.
   */
  images?: Images;
  /** Key of what is stored. Default: a key of its own, rotated yearly. Not with `state`, which has its key already. */
  encryptionKey?: kms.IKey;
  /** Boundary of every role that is made here. Default: none. */
  permissionsBoundary?: iam.IManagedPolicy;
  /** What becomes of data and logs when the stack goes. Default: RETAIN, with deletion protection of the tables. */
  removalPolicy?: RemovalPolicy;
  /** What is kept, where another stack has made it: `importState`. Default: made here. */
  state?: State;
  /**
   * Who people sign in with, to see runs and decide gates on pages. Who signs in is looked up in the policy's people.
   * Default: no pages at all.
   */
  oidc?: OidcProps;
  /** Told of each alarm and of its end. Default: alarms are seen in CloudWatch only. */
  alarmTopic?: sns.ITopic;
  /** Folder of the functions' bundles, absolute. Default: `dist/lambdas` of this package. */
  bundles?: string;
}

/** MiB; more than Fargate gives is refused before a run finds out. */
const maxDiskMb = 200 * 1_024;

/**
 * The pipeline in one account: state machine, functions, networks and sandboxes, and what they keep.
 * @throws PolicyInvalid, PolicyRefused, UsageError, each with the path of this construct.
 */
export class Drydock extends Construct {
  readonly policy: Policy;
  readonly state: State;
  readonly #control: Control;

  constructor(scope: Construct, id: string, props: DrydockProps) {
    super(scope, id);
    this.policy = checkPolicy(this, props.policy);
    const { zones = 1, images = {}, removalPolicy = RemovalPolicy.RETAIN } = props;
    if (!Number.isInteger(zones) || zones < 1 || zones > 3) {
      throw propError(this, 'UsageError', `zones is ${zones}; give 1, 2 or 3.`);
    }
    if (props.vpc && props.zones !== undefined) {
      throw propError(this, 'UsageError', 'give zones or vpc, which has its zones; not both.');
    }
    if (props.state && props.encryptionKey) {
      throw propError(this, 'UsageError', 'give encryptionKey where the state is made, not together with state.');
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
      zones,
      images: this.state.images,
      removalPolicy,
      ...(props.vpc ? { vpc: props.vpc } : {}),
      ...(props.egress?.vpc ? { egress: props.egress.vpc } : {}),
      ...(proxy ? { proxyPort: Number(proxy.port) } : {}),
    });
    const gateway = gatewayImage(this, images);
    const sandboxes = sandboxImages(this, images, this.policy);
    const bundles = props.bundles ?? join(packageRoot(), 'dist/lambdas');
    const broker = new Broker(this, 'Broker', { state: this.state, bundles, removalPolicy });
    const sandbox = new Sandbox(this, 'Sandbox', {
      broker: broker.function,
      artifacts: this.state.artifacts,
      images: this.state.images,
      gatewayImage: gateway,
      sandboxImages: sandboxes,
      spot: this.policy.sandbox.spot,
      ...(proxy ? { proxyUrl: proxy.origin } : {}),
      size: this.#size(),
      diskMb: this.policy.limits.disk_mb,
      removalPolicy,
    });
    const machine = Names.uniqueResourceName(this, { maxLength: 70, separator: '-' });
    this.#control = new Control(this, 'Control', {
      state: this.state,
      network,
      sandbox,
      policy: this.policy,
      machine,
      images: [gateway, ...sandboxes.map(({ image }) => image)],
      policyFolder: typeof props.policy === 'string' ? dirname(resolve(props.policy)) : undefined,
      bundles,
      oidc: props.oidc,
      appIsThere: props.state !== undefined,
      removalPolicy,
    });
    const { all: alarms } = new Alarms(this, 'Alarms', {
      control: this.#control,
      broker: broker.function,
      topic: props.alarmTopic,
    });
    this.#control.watchAlarms(alarms);
    new Dashboard(this, 'Overview', { control: this.#control, alarms });
  }

  /** Executions that did not end well: count, summed over five minutes. A rejected run is among them. */
  metricRunsFailed(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.#control.stateMachine.metricFailed({ label: 'Runs failed', ...options });
  }

  /** Where the code host sends its messages: `POST`, signed with the webhook secret. */
  get webhookUrl(): string {
    return this.#control.web.webhookUrl;
  }

  /** Where people reach the pages, without a slash at the end; undefined without `oidc`. */
  get pagesUrl(): string | undefined {
    return this.#control.pages?.url;
  }

  /**
   * Lets people with that role reach this stack by the command line: find it, and call the function that answers. It gives
   * no right on a table, a bucket or a key; `doctor --aws` works too. Who votes is the person of the policy whose `iam` is that role; others see runs
   * and decide nothing.
   */
  grantApprove(grantee: iam.IGrantable): void {
    this.#control.operate.grantCall(grantee, 'operate', 'diagnose');
  }

  /** Lets a role store the GitHub App that `drydock github setup --stack` makes. It cannot read what is stored. */
  grantSetup(grantee: iam.IGrantable): void {
    this.#control.operate.grantCall(grantee, 'setup');
  }

  #size(): FargateSize {
    const { cpu, memory_mb, disk_mb } = this.policy.limits;
    const size = fargateSize(cpu, memory_mb);
    if (size && disk_mb <= maxDiskMb) return size;
    const asked = `limits of the policy ask for ${cpu} vCPU, ${memory_mb} MiB and ${disk_mb} MiB of disk`;
    throw propError(this, 'UsageError', `${asked}; a Fargate task has at most 16 vCPU, 120 GiB and 200 GiB.`);
  }
}
