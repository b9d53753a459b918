/** What CloudFormation has to be allowed to do. */
export interface Rule {
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
}

export const arn = (service: string, rest: string, region = 'REGION'): string =>
  `arn:aws:${service}:${region}:ACCOUNT:${rest}`;
/** `crud('sqs', 'Queue', …)`: verbs of one service, written out. */
export const of = (service: string, ...actions: string[]): string[] => actions.map((action) => `${service}:${action}`);
/** Ids are made up by AWS, and IAM knows these actions by nothing narrower that is known before. */
export const any = ['*'];
export const on = (actions: string[], ...resources: string[]): Rule => ({ actions, resources });
