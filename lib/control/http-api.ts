import { Names, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { webhookPath } from '../names.ts';
import { stackSuffix } from '../storage/kept.ts';
import { type Domain, DomainName } from './domain.ts';

interface WebApiProps {
  /** Removal policy of the access log. */
  removalPolicy: RemovalPolicy;
  /** Its name. */
  domain: Domain | undefined;
}

/** Checks and statuses of busy repositories come in bursts, and GitHub does not repeat what it could not deliver. */
const webhookThrottle = { ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 };

type Handler = ConstructorParameters<typeof HttpLambdaIntegration>[1];

/** The only public endpoint. A function receives only the paths and methods that are opened here. */
export class WebApi extends Construct {
  /** Its URL, without a trailing slash. */
  readonly origin: string;
  /** What a record of the domain has to point to, if none was made. */
  readonly domainTarget: string | undefined;
  readonly #http: api.HttpApi;
  readonly #stage: api.HttpStage;

  constructor(scope: Construct, id: string, { removalPolicy, domain }: WebApiProps) {
    super(scope, id);
    this.#http = new api.HttpApi(this, 'Api', {
      description: 'Drydock: webhook of the code host, command line, and pages',
      createDefaultStage: false,
    });
    const name = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const log = new logs.LogGroup(this, 'AccessLog', {
      // Log groups with this prefix need no CloudWatch resource policy; an account can have few of those.
      logGroupName: `/aws/vendedlogs/apis/${name}-${stackSuffix(this)}`,
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    this.#stage = new api.HttpStage(this, 'Stage', {
      httpApi: this.#http,
      stageName: '$default',
      autoDeploy: true,
      // People send few requests; a flood gets 429 before it costs function time. The webhook has a limit of its own.
      throttle: { rateLimit: 20, burstLimit: 50 },
      accessLogSettings: { destination: new api.LogGroupLogDestination(log) },
    });
    const http = this.#http;
    this.domainTarget = domain && new DomainName(this, 'Domain', { ...domain, http, stage: this.#stage }).target;
    const { region, urlSuffix } = Stack.of(this);
    this.origin = `https://${domain?.name ?? `${this.#http.apiId}.execute-api.${region}.${urlSuffix}`}`;
  }

  /** URL for the code host's deliveries. */
  get webhookUrl(): string {
    return `${this.origin}${webhookPath}`;
  }

  /** Requests that were refused, throttled ones among them. */
  metricRefused(options: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.#http.metricClientError({ ...options });
  }

  openWebhook(webhook: Handler): void {
    const routes = this.#open('Webhook', webhook, [[webhookPath, api.HttpMethod.POST]], {
      because: 'A code host has no IAM identity: it signs the body, and the function rejects unsigned requests.',
    });
    const stage = this.#stage.node.defaultChild as api.CfnStage;
    stage.routeSettings = { [`POST ${webhookPath}`]: webhookThrottle };
    // API Gateway refuses settings of a route that does not exist.
    stage.node.addDependency(...routes);
  }

  openPages(pages: Handler): void {
    this.#open(
      'Pages',
      pages,
      [
        ['/', api.HttpMethod.GET],
        ['/{proxy+}', api.HttpMethod.GET],
        ['/{proxy+}', api.HttpMethod.POST],
      ],
      {
        because:
          'People sign in by browser redirects, which an authorizer cannot send; the function requires a session.',
      },
    );
  }

  /** Opens `POST path` to callers that IAM authorizes. @returns The ARN to grant. */
  openToIam(id: string, path: string, handler: Handler): string {
    const integration = new HttpLambdaIntegration(id, handler);
    const authorizer = new HttpIamAuthorizer();
    this.#http.addRoutes({ path, methods: [api.HttpMethod.POST], integration, authorizer });
    return this.#http.arnForExecuteApi('POST', path, '$default');
  }

  #open(
    id: string,
    handler: Handler,
    routes: [string, api.HttpMethod][],
    { because }: { because: string },
  ): api.HttpRoute[] {
    const integration = new HttpLambdaIntegration(id, handler);
    const opened: api.HttpRoute[] = [];
    for (const [path, method] of routes) {
      const authorizer = new api.HttpNoneAuthorizer();
      for (const route of this.#http.addRoutes({ path, methods: [method], integration, authorizer })) {
        opened.push(route);
        Validations.of(route).acknowledge({ id: 'AwsSolutions::AwsSolutions-APIG4', reason: because });
      }
    }
    return opened;
  }
}
