import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { kept } from './kept.ts';
import type { State } from './state.ts';

/** Builds of images without a tag that are kept: those of about half a year. */
const keptBuilds = 60;

export interface StorageProps {
  /** KMS key for all stored data. Default: a new key, rotated yearly. */
  encryptionKey?: kms.IKey;
  /** Removal policy of tables, bucket, images, key and secrets. Default: RETAIN_ON_UPDATE_OR_DELETE. */
  removalPolicy?: RemovalPolicy;
}

/**
 * The stores that outlive a deployment: three tables with the schema that adapters/aws/dynamo creates on one machine,
 * the bucket for artifacts, the image repository, the key, and the secrets (empty until a person sets them, except for
 * the deployment key). They are retained, and tables have deletion protection, unless `removalPolicy` says otherwise.
 */
export class Storage extends Construct {
  readonly state: State;

  constructor(scope: Construct, id: string, props: StorageProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? kept;
    const retained = removalPolicy !== RemovalPolicy.DESTROY;
    const encryptionKey =
      props.encryptionKey ??
      new kms.Key(this, 'Key', {
        description: 'Drydock: tables, artifacts, secrets, task tokens',
        enableKeyRotation: true,
        removalPolicy,
      });

    const { STRING } = dynamodb.AttributeType;
    const table = (name: string): dynamodb.Table =>
      new dynamodb.Table(this, name, {
        partitionKey: { name: 'pk', type: STRING },
        sortKey: { name: 'sk', type: STRING },
        billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryptionKey,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        // Of baselines and of the marks of sent messages (adapters/aws/dynamo/table/tables.ts).
        timeToLiveAttribute: 'expiresAt',
        deletionProtection: retained,
        // A failed creation could not delete a protected table; an empty one costs nothing and has a name of its own.
        removalPolicy: retained ? RemovalPolicy.RETAIN : removalPolicy,
      });
    const runs = table('Runs');
    runs.addGlobalSecondaryIndex({
      indexName: 'byTime',
      partitionKey: { name: 'listKey', type: STRING },
      sortKey: { name: 'createdAt', type: STRING },
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    // A run is in it until its end.
    runs.addGlobalSecondaryIndex({
      indexName: 'unfinished',
      partitionKey: { name: 'unfinished', type: STRING },
      sortKey: { name: 'createdAt', type: STRING },
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    const artifacts = new s3.Bucket(this, 'Artifacts', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { id: 'incomplete', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // Package archives: a missing one is downloaded again.
        { id: 'cache', prefix: 'cache/', expiration: Duration.days(30) },
        // What a phase is given and leaves is read within minutes of its end; the run keeps its own artifacts.
        { id: 'phases', prefix: 'phases/', expiration: Duration.days(30) },
        // Launchers write the files of a profile again when half of this time is over.
        { id: 'agents', prefix: 'agents/', expiration: Duration.days(30) },
        { id: 'orders', prefix: 'orders/', expiration: Duration.days(30) },
      ],
      removalPolicy,
    });
    const images = new ecr.Repository(this, 'Images', {
      // A newer build of the same version, with the security updates of Debian, moves its tags.
      imageTagMutability: ecr.TagMutability.MUTABLE,
      imageScanOnPush: true,
      // A newer build leaves the one before without a tag; tasks pull an image when they start.
      lifecycleRules: [{ tagStatus: ecr.TagStatus.UNTAGGED, maxImageCount: keptBuilds }],
      removalPolicy,
    });
    Validations.of(artifacts).acknowledge({
      id: 'AwsSolutions::AwsSolutions-S1',
      reason:
        'Objects are named by digest and read by roles only; CloudTrail data events record readers, without a second bucket.',
    });
    const secret = (
      name: string,
      description: string,
      notRotated: string,
      generateSecretString?: secrets.SecretStringGenerator,
    ): string => {
      const made = new secrets.Secret(this, name, {
        description,
        encryptionKey,
        removalPolicy,
        ...(generateSecretString ? { generateSecretString } : {}),
      });
      // A missing value gives a clear error; the random password that the CDK generates by default would give a
      // misleading one.
      if (!generateSecretString) (made.node.defaultChild as secrets.CfnSecret).generateSecretString = undefined;
      Validations.of(made).acknowledge({ id: 'AwsSolutions::AwsSolutions-SMG4', reason: notRotated });
      return made.secretArn;
    };

    this.state = {
      key: encryptionKey.keyArn,
      runs: runs.tableName,
      ledger: table('Ledger').tableName,
      gates: table('Gates').tableName,
      artifacts: artifacts.bucketName,
      images: images.repositoryName,
      github: secret(
        'GitHubApp',
        'GitHub App: {"appId","privateKey","webhookSecrets":[newest, older]}',
        'GitHub creates private keys of an App in its web pages only; a person replaces them. Its webhook secret is rotated.',
      ),
      models: secret(
        'ModelKeys',
        'Keys of model providers: {"google","anthropic","openai"}',
        'Model providers have no common API for replacing a key; a person replaces it.',
      ),
      deployment: secret(
        'DeploymentKey',
        'Key from which the secrets of phases are derived',
        'It is rotated by a schedule in the stack of the rotation function, on which this stack must not depend.',
        { passwordLength: 64, excludePunctuation: true },
      ),
      slack: secret(
        'Slack',
        'Slack, if the policy uses it: the URL of an incoming webhook',
        'Slack creates incoming webhooks in its web pages only; a person replaces them.',
      ),
    };
  }
}
