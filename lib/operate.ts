import { Stack } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { pascal, routes, stackParameter } from './names.ts';
import { version } from './package-root.ts';
import type { WebhookApi } from './web.ts';

export type RouteName = keyof typeof routes;

export interface OperateProps {
  api: WebhookApi;
  functions: Record<RouteName, lambda.IFunction>;
  /** Where the pages are, where there are any. */
  webUrl?: string;
}

/**
 * The ways in for the command line: routes that IAM authorizes, and the parameter of the stack's name that says where they
 * are. Who may call which route is granted route by route.
 */
export class Operate extends Construct {
  readonly #http: api.HttpApi;
  readonly #parameter: ssm.StringParameter;

  constructor(scope: Construct, id: string, props: OperateProps) {
    super(scope, id);
    const { http, baseUrl } = props.api;
    this.#http = http;
    const authorizer = new HttpIamAuthorizer();
    for (const name of Object.keys(routes) as RouteName[]) {
      http.addRoutes({
        path: pathOf(name),
        methods: [api.HttpMethod.POST],
        integration: new HttpLambdaIntegration(pascal(name), props.functions[name]),
        authorizer,
      });
    }
    const url = (path: string): string => `${baseUrl}${path.slice(1)}`;
    this.#parameter = new ssm.StringParameter(this, 'Address', {
      parameterName: stackParameter(Stack.of(this).stackName),
      description: 'Drydock: where the command line reaches this stack',
      stringValue: Stack.of(this).toJsonString({
        ...Object.fromEntries((Object.keys(routes) as RouteName[]).map((name) => [name, url(pathOf(name))])),
        webhook: url('/webhook'),
        ...(props.webUrl === undefined ? {} : { web: props.webUrl }),
        version: version(),
      }),
    });
  }

  /** Lets a role find the stack and call those routes, and nothing else. */
  grantCall(grantee: IGrantable, ...names: RouteName[]): void {
    const invoke = names.map((name) => this.#http.arnForExecuteApi('POST', pathOf(name), '$default'));
    for (const [action, resources] of [
      ['ssm:GetParameter', [this.#parameter.parameterArn]],
      ['execute-api:Invoke', invoke],
    ] as const) {
      const statement = new PolicyStatement({ actions: [action], resources: [...resources] });
      grantee.grantPrincipal.addToPrincipalPolicy(statement);
    }
  }
}

const pathOf = (name: RouteName): string => routes[name].slice('POST '.length);
