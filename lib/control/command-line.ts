import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { version } from '../../common/package-info.ts';
import { pascal, routes, stackParameter } from '../names.ts';
import type { WebApi } from './http-api.ts';

type RouteName = keyof typeof routes;

interface OperateProps {
  web: WebApi;
  functions: Record<RouteName, lambda.IFunction>;
  /** The pages, if the deployment has any. */
  pages: unknown;
}

/**
 * The endpoints for the command line: routes that IAM authorizes, and the SSM parameter, named after the stack, with
 * their URLs. Each route is granted separately.
 */
export class Operate extends Construct {
  readonly #arns = new Map<RouteName, string>();
  readonly #parameter: ssm.StringParameter;

  constructor(scope: Construct, id: string, { web, functions, pages }: OperateProps) {
    super(scope, id);
    const names = Object.keys(routes) as RouteName[];
    for (const name of names) this.#arns.set(name, web.openToIam(pascal(name), pathOf(name), functions[name]));
    this.#parameter = new ssm.StringParameter(this, 'Address', {
      parameterName: stackParameter(Stack.of(this).stackName),
      description: 'Drydock: endpoints of this stack for the command line',
      stringValue: Stack.of(this).toJsonString({
        ...Object.fromEntries(names.map((name) => [name, `${web.origin}${pathOf(name)}`])),
        webhook: web.webhookUrl,
        ...(pages === undefined ? {} : { web: web.origin }),
        version: version(),
      }),
    });
  }

  /** Lets a role read the parameter and call these routes only. */
  grantCall(grantee: IGrantable, ...names: RouteName[]): void {
    for (const [action, resources] of [
      ['ssm:GetParameter', [this.#parameter.parameterArn]],
      ['execute-api:Invoke', names.flatMap((name) => this.#arns.get(name) ?? [])],
    ] as const) {
      const statement = new PolicyStatement({ actions: [action], resources: [...resources] });
      grantee.grantPrincipal.addToPrincipalPolicy(statement);
    }
  }
}

const pathOf = (name: RouteName): string => routes[name].slice('POST '.length);
