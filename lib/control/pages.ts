import { type RemovalPolicy, Token } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

export interface OidcProps {
  /** The issuer's name, as its own metadata spells it: an https URL. */
  issuer: string;
  /** Id of the client that was registered there, with the redirect URI `<url>/login/callback`. */
  clientId: string;
  /**
   * ARN, whole, of a secret of Secrets Manager whose text is the client's secret; under the account's own key for secrets.
   * Default: a public client, which PKCE alone protects.
   */
  clientSecret?: string;
  /** Where people reach the pages: an https origin that you map to the API. Default: the API's own address. */
  url?: string;
}

/** What functions have to know of the pages. */
export interface Pages {
  /** Without a slash at the end. */
  url: string;
  issuer: string;
  clientId: string;
  /** ARN. */
  clientSecret: string | undefined;
  /** ARN of the secret that sessions are sealed with. */
  sessions: string;
}

interface PagesKeyProps {
  oidc: OidcProps;
  /** Address of the API. */
  origin: string;
  /** ARN of the key that it is encrypted under. */
  key: string;
  removalPolicy: RemovalPolicy;
}

const wholeArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}$/;

/**
 * The key of the pages' sessions, and what was given about signing in, checked. The key may go with its stack: then
 * people sign in again.
 */
export class PagesKey extends Construct {
  readonly pages: Pages;
  readonly key: secrets.Secret;

  constructor(scope: Construct, id: string, { oidc, origin, key, removalPolicy }: PagesKeyProps) {
    super(scope, id);
    const { issuer, clientId, clientSecret } = oidc;
    const issuerUrl = URL.parse(issuer);
    if (issuerUrl?.protocol !== 'https:' || issuerUrl.search !== '' || issuerUrl.hash !== '') {
      throw propError(this, 'UsageError', `oidc.issuer is "${issuer}"; give an https URL without query or fragment.`);
    }
    if (clientId.trim() === '') throw propError(this, 'UsageError', 'oidc.clientId is empty.');
    if (clientSecret !== undefined && !Token.isUnresolved(clientSecret) && !wholeArn.test(clientSecret)) {
      throw propError(
        this,
        'UsageError',
        'oidc.clientSecret is not the whole ARN of a secret, six characters at its end.',
      );
    }
    const url = oidc.url ?? origin;
    if (!Token.isUnresolved(url) && !(URL.parse(url)?.protocol === 'https:' && URL.parse(url)?.origin === url)) {
      throw propError(this, 'UsageError', `oidc.url is "${url}"; give an https origin without a path.`);
    }
    this.key = new secrets.Secret(this, 'Key', {
      description: 'Key that sessions of the pages are sealed with; made and rotated by Drydock',
      encryptionKey: kms.Key.fromKeyArn(this, 'EncryptedUnder', key),
      removalPolicy,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.pages = { url, issuer, clientId, clientSecret, sessions: this.key.secretArn };
  }
}
