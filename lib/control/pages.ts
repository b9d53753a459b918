import { type RemovalPolicy, Token } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

export interface OidcProps {
  /** The issuer as its metadata spells it: an https URL. */
  issuer: string;
  /** Id of the client that is registered there, with the redirect URI `<url>/login/callback`. */
  clientId: string;
  /**
   * Full ARN of a Secrets Manager secret whose text is the client secret, encrypted with the AWS managed key of Secrets
   * Manager. Default: a public client, protected by PKCE alone.
   */
  clientSecret?: string;
  /** Address of the pages: an https origin that you map to the API. Default: the API's own address. */
  url?: string;
}

/** The settings of the pages that functions need. */
export interface Pages {
  /** Without a trailing slash. */
  url: string;
  issuer: string;
  clientId: string;
  /** ARN. */
  clientSecret: string | undefined;
  /** ARN of the secret that encrypts sessions. */
  sessions: string;
}

interface PagesKeyProps {
  oidc: OidcProps;
  /** Address of the API. */
  origin: string;
  /** ARN of the KMS key for the secret. */
  key: string;
  removalPolicy: RemovalPolicy;
}

const wholeArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}$/;

/**
 * The key of the pages' sessions, and the validated settings of sign-in. The key may be deleted with its stack: people
 * then sign in again.
 */
export class PagesKey extends Construct {
  readonly pages: Pages;
  readonly key: secrets.Secret;

  constructor(scope: Construct, id: string, { oidc, origin, key, removalPolicy }: PagesKeyProps) {
    super(scope, id);
    const { issuer, clientId, clientSecret } = oidc;
    const issuerUrl = URL.parse(issuer);
    if (issuerUrl?.protocol !== 'https:' || issuerUrl.search !== '' || issuerUrl.hash !== '') {
      throw propError(
        this,
        'UsageError',
        `oidc.issuer is "${issuer}"; it must be an https URL without query or fragment.`,
      );
    }
    if (clientId.trim() === '') throw propError(this, 'UsageError', 'oidc.clientId is empty.');
    if (clientSecret !== undefined && !Token.isUnresolved(clientSecret) && !wholeArn.test(clientSecret)) {
      throw propError(
        this,
        'UsageError',
        'oidc.clientSecret is not the full ARN of a secret, which ends with six random characters.',
      );
    }
    const url = oidc.url ?? origin;
    if (!Token.isUnresolved(url) && !(URL.parse(url)?.protocol === 'https:' && URL.parse(url)?.origin === url)) {
      throw propError(this, 'UsageError', `oidc.url is "${url}"; it must be an https origin without a path.`);
    }
    this.key = new secrets.Secret(this, 'Key', {
      description: 'Key that encrypts sessions of the pages; created and rotated by Drydock',
      encryptionKey: kms.Key.fromKeyArn(this, 'EncryptedUnder', key),
      removalPolicy,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.pages = { url, issuer, clientId, clientSecret, sessions: this.key.secretArn };
  }
}
