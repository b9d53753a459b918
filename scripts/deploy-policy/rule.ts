/** A permission that CloudFormation needs. */
export interface Rule {
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
}

export const arn = (service: string, rest: string, region = 'REGION'): string =>
  `arn:aws:${service}:${region}:ACCOUNT:${rest}`;
/** `crud('sqs', 'Queue', …)`: verbs of one service, written out. */
export const of = (service: string, ...actions: string[]): string[] => actions.map((action) => `${service}:${action}`);
/** AWS generates these ids, and IAM supports no narrower resource for these actions that is known in advance. */
export const any = ['*'];
export const on = (actions: string[], ...resources: string[]): Rule => ({ actions, resources });
