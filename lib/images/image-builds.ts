import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Aws, Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { version } from '../../common/package-info.ts';
import { regionsWithoutBuilds } from '../../core/deployment/regions.ts';
import { grant } from '../iam/grant.ts';
import type { ToolchainName } from '../names.ts';
import { propError } from '../props/prop-error.ts';
import { repositoryArn, repositoryUri } from '../storage/state.ts';

type ImageName = 'gateway' | ToolchainName;

/** Images that are built in the account. */
export interface ImageBuildsProps {
  /** Folder with a build context per image, absolute: `dist/images` of this package. */
  contexts: string;
  /** Which images. Default: `gateway` and `node`, on which the others but `gateway` are built, so that it is added to them. */
  images?: ImageName[];
  /** Agents of the image `node`. Default: those that the policy names, or else those of the Dockerfile. */
  agents?: string[];
  /** Days between two builds, which take in the security updates of Debian. Default: 7. */
  days?: number;
}

interface Props extends ImageBuildsProps {
  /** Name of the image repository. */
  repository: string;
  /** Removal policy of the log group. */
  removalPolicy: RemovalPolicy;
}

/** Minutes of a build of all images on two cores, with room for a slow mirror. */
const timeoutMinutes = 60;
const buildspec = {
  version: 0.2,
  env: { shell: 'bash' },
  phases: {
    build: {
      commands: [
        'set -euo pipefail',
        'aws ecr get-login-password | docker login --username AWS --password-stdin "$' + '{REPOSITORY%%/*}"',
        // Names are separated by spaces.
        'sh build.sh "$REPOSITORY" "$VERSION" $IMAGES',
      ],
    },
  },
};

/** `node` before the images that are built on it, which need the one of the same build. */
function inBuildOrder(images: readonly ImageName[]): ImageName[] {
  const others = [...new Set(images)].filter((image) => image !== 'gateway' && image !== 'node');
  const node = others.length > 0 || images.includes('node');
  return [...(images.includes('gateway') ? ['gateway' as const] : []), ...(node ? ['node' as const] : []), ...others];
}

/**
 * Builds the images on ARM64 in the account, from the contexts of this package: after each deployment of the stack, and every few
 * days. A build moves the tags of this version; tasks that run keep the image that they were started with.
 */
export class ImageBuilds extends Construct {
  readonly projectName: string;
  /** Matches a scan of an image that found something critical. */
  readonly findings: events.Rule;

  /** @throws FileUnreadable without the contexts, UsageError in a region without CodeBuild. */
  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { contexts, agents = [], days = 7, repository } = props;
    const images = inBuildOrder(props.images ?? ['gateway', 'node']);
    if (!existsSync(join(contexts, 'build.sh')))
      throw propError(
        this,
        'FileUnreadable',
        `${contexts} has no build.sh; write the build contexts first (npm run images)`,
      );
    const { region } = Stack.of(this);
    if (regionsWithoutBuilds.includes(region)) {
      const remedy = 'set image_builds: false and push the images (docs/images.md)';
      throw propError(this, 'UsageError', `${region} has no CodeBuild; ${remedy}`);
    }
    const source = new Asset(this, 'Contexts', { path: contexts });
    const log = new logs.LogGroup(this, 'Log', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: props.removalPolicy,
    });
    const account = { conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } } };
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com', account),
    });
    grant(role, [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] },
      {
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [source.bucket.arnForObjects(source.s3ObjectKey)],
      },
      {
        actions: ['ecr:GetAuthorizationToken'],
        resources: ['*'],
        because: 'A registry password has no resource ARN in IAM.',
      },
      {
        actions: [
          ...['BatchCheckLayerAvailability', 'BatchGetImage', 'CompleteLayerUpload', 'GetDownloadUrlForLayer'],
          ...['InitiateLayerUpload', 'PutImage', 'UploadLayerPart'],
        ].map((action) => `ecr:${action}`),
        resources: [repositoryArn(this, repository)],
      },
    ]);
    const text = (name: string, value: string) => ({ name, value, type: 'PLAINTEXT' });
    const project = new codebuild.CfnProject(this, 'Project', {
      description: `Drydock: builds the images ${images.join(', ')}`,
      serviceRole: role.roleArn,
      source: {
        type: 'S3',
        location: `${source.s3BucketName}/${source.s3ObjectKey}`,
        buildSpec: JSON.stringify(buildspec),
      },
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: 'ARM_CONTAINER',
        computeType: 'BUILD_GENERAL1_SMALL',
        image: codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0.imageId,
        privilegedMode: true,
        environmentVariables: [
          text('REPOSITORY', repositoryUri(this, repository)),
          text('VERSION', version()),
          text('IMAGES', images.join(' ')),
          ...(agents.length > 0 ? [text('AGENTS', agents.join(' '))] : []),
        ],
      },
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: log.logGroupName } },
      timeoutInMinutes: timeoutMinutes,
      // Two builds would only move the same tags.
      concurrentBuildLimit: 1,
    });
    this.projectName = project.ref;
    Validations.of(project).acknowledge({
      id: 'AwsSolutions::AwsSolutions-CB4',
      reason: 'The project has no artifacts that a key would encrypt.',
    });
    this.#startBuilds(project, days);
    this.findings = new events.Rule(this, 'Findings', {
      description: 'The scan of an image found something critical; the alarm ImageFindings counts the events',
      eventPattern: {
        source: ['aws.ecr'],
        detailType: ['ECR Image Scan'],
        detail: { 'repository-name': [repository], 'finding-severity-counts': { CRITICAL: [{ exists: true }] } },
      },
    });
  }

  #startBuilds(project: codebuild.CfnProject, days: number): void {
    const role = new iam.Role(this, 'StartRole', {
      assumedBy: new iam.ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    grant(role, [{ actions: ['codebuild:StartBuild'], resources: [project.attrArn] }]);
    const target: events.IRuleTarget = { bind: () => ({ arn: project.attrArn, role }) };
    new events.Rule(this, 'Deployed', {
      description: 'The stack was deployed: builds the images of its version',
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [Aws.STACK_ID],
          'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] },
        },
      },
      targets: [target],
    });
    new events.Rule(this, 'Updates', {
      description: 'Builds the images again, with the security updates of Debian',
      schedule: events.Schedule.rate(Duration.days(days)),
      targets: [target],
    });
  }
}
