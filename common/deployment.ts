export { type ToolchainName, toolchainNames } from '../core/task-spec/toolchains.ts';

/** Fargate On-Demand vCPUs at once, in Service Quotas. */
export const fargateQuota = 'L-3032A538';
/** Where a gateway listens, for sandboxes only. */
export const gatewayPort = 8443;

/** What the functions and the gateway task read from their environment: names and addresses, never a secret. */
export const variables = {
  runs: 'DRYDOCK_RUNS_TABLE',
  ledger: 'DRYDOCK_LEDGER_TABLE',
  gates: 'DRYDOCK_GATES_TABLE',
  artifacts: 'DRYDOCK_ARTIFACTS_BUCKET',
  /** ARN of the key that task tokens and minted credentials are sealed under. */
  key: 'DRYDOCK_KEY_ARN',
  stateMachine: 'DRYDOCK_STATE_MACHINE_ARN',
  /** ARNs of secrets; their values are fetched when needed. */
  github: 'DRYDOCK_GITHUB_SECRET_ARN',
  models: 'DRYDOCK_MODELS_SECRET_ARN',
  deployment: 'DRYDOCK_DEPLOYMENT_SECRET_ARN',
  slack: 'DRYDOCK_SLACK_SECRET_ARN',
  /** Secret that sessions of the pages are sealed with. */
  sessions: 'DRYDOCK_SESSIONS_SECRET_ARN',
  /** Where people reach the pages, without a slash at the end; not set where there are none. */
  pages: 'DRYDOCK_PAGES_URL',
  /** OpenID Connect: the issuer's name, our client id there, and the secret of a client that has one. */
  issuer: 'DRYDOCK_OIDC_ISSUER',
  client: 'DRYDOCK_OIDC_CLIENT_ID',
  clientSecret: 'DRYDOCK_OIDC_SECRET_ARN',
  /** Path of the operator's policy in the function's file system. */
  policy: 'DRYDOCK_POLICY',
  /** Folder with the files of each agent profile, `<profile>.tar`. */
  agentFiles: 'DRYDOCK_AGENT_FILES',
  cluster: 'DRYDOCK_CLUSTER_ARN',
  /** Task definitions with their revision: a run under way keeps to the revision its function was deployed with. */
  gatewayTask: 'DRYDOCK_GATEWAY_TASK_ARN',
  /** JSON: runtime of the policy, or name of a toolchain, to the task definition as `family:revision`. */
  sandboxTasks: 'DRYDOCK_SANDBOX_TASKS',
  /** `FARGATE`, or `FARGATE_SPOT` for the first try of a phase. */
  sandboxCapacity: 'DRYDOCK_SANDBOX_CAPACITY',
  /** Subnet ids, separated by commas. */
  sandboxSubnets: 'DRYDOCK_SANDBOX_SUBNETS',
  sandboxGroup: 'DRYDOCK_SANDBOX_SECURITY_GROUP',
  gatewaySubnets: 'DRYDOCK_GATEWAY_SUBNETS',
  gatewayGroup: 'DRYDOCK_GATEWAY_SECURITY_GROUP',
  /** URL of the queue between `webhook` and `webhook-worker`. */
  queue: 'DRYDOCK_WEBHOOK_QUEUE_URL',
  /** ARN of the role that the broker narrows to one phase and hands to its gateway. */
  phaseFiles: 'DRYDOCK_PHASE_FILES_ROLE_ARN',
  /** Name of the broker's function, and where to listen; read by the gateway task. */
  broker: 'DRYDOCK_BROKER',
  gatewayPort: 'DRYDOCK_GATEWAY_PORT',
  /** What `diagnose` looks at: the image repository, its images (`:tag` or `@digest`), URLs of queues, names of alarms. */
  images: 'DRYDOCK_IMAGE_REPOSITORY',
  imageNames: 'DRYDOCK_IMAGE_NAMES',
  deadLetters: 'DRYDOCK_DEAD_LETTER_URLS',
  alarms: 'DRYDOCK_ALARMS',
  /** Where the code host should send its messages. */
  webhookUrl: 'DRYDOCK_WEBHOOK_URL',
} as const;

/** Encryption context of what the key seals: `{drydock: …}`. Who may open one kind may not open the other. */
export const sealedAs = { token: 'task-token', credential: 'credential' } as const;

/**
 * What is measured under our namespace. `phase`: milliseconds of each phase that ended, by its name. The others the
 * reconciler writes to its log each time, as fields of one line of JSON, for alarms to read:
 * - `waiting`: milliseconds that the run which has waited longest for a person has waited; 0 without one
 * - the others: milliseconds since a secret that nothing rotates was changed; 0 for one that has no value
 */
export const reports = {
  namespace: 'Drydock',
  phase: 'phaseMs',
  waiting: 'oldestWaitMs',
  appKey: 'appKeyAgeMs',
  modelKeys: 'modelKeysAgeMs',
  slack: 'slackAgeMs',
} as const;

/** Where the code host sends its messages, below the address of the deployment. */
export const webhookPath = '/webhook';

/** Undefined where the deployment has no such thing. */
export const optional = (name: keyof typeof variables): string | undefined => process.env[variables[name]] || undefined;

/** @throws Error where the deployment forgot it. */
export function variable(name: keyof typeof variables): string {
  const value = optional(name);
  if (value === undefined) throw new Error(`${variables[name]} is not set`);
  return value;
}

/** Routes that IAM authorizes: `METHOD /path`, as API Gateway names them. */
export const routes = { operate: 'POST /operate', diagnose: 'POST /diagnose', setup: 'POST /setup' } as const;
