import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import { CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';

export interface Domain {
  /** Such as `drydock.acme.example`. */
  name: string;
  /** ARN of a certificate for it in the region of the stack. */
  certificate: string;
  /** Id of the zone of Route 53 that gets its record. Default: none; you point a record to `domainTarget` yourself. */
  hostedZone?: string;
}

interface DomainNameProps extends Domain {
  http: api.HttpApi;
  stage: api.HttpStage;
}

/** The name of an API: it stays when the API is made anew, whose own address does not. */
export class DomainName extends Construct {
  /** What a record has to point to, if none was made. */
  readonly target: string | undefined;

  constructor(scope: Construct, id: string, { name, certificate, hostedZone, http, stage }: DomainNameProps) {
    super(scope, id);
    const domainName = new api.DomainName(this, 'Name', {
      domainName: name,
      certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', certificate),
      securityPolicy: api.SecurityPolicy.TLS_1_2,
    });
    new api.ApiMapping(this, 'Mapping', { api: http, domainName, stage });
    if (hostedZone === undefined) {
      this.target = domainName.regionalDomainName;
      return;
    }
    new CfnRecordSet(this, 'Record', {
      hostedZoneId: hostedZone,
      name,
      type: 'A',
      aliasTarget: { dnsName: domainName.regionalDomainName, hostedZoneId: domainName.regionalHostedZoneId },
    });
  }
}
