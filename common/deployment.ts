export { launchFaults } from '../core/deployment/launch-faults.ts';
export { serviceFamily } from '../core/services/forms.ts';
export { type ToolchainName, toolchainNames } from '../core/task-spec/toolchains.ts';

/** Service Quotas code of "Fargate On-Demand vCPU resource count". */
export const fargateQuota = 'L-3032A538';
/** Days between rotations of a secret; shorter than the alarm for secrets that are rotated manually. */
export const rotationDays = 60;
/** Port of a gateway, reachable from sandboxes only. */
export const gatewayPort = 8443;

/** Environment variables of the functions and the gateway task: names and addresses, never a secret. */
export const variables = {
  runs: 'DRYDOCK_RUNS_TABLE',
  ledger: 'DRYDOCK_LEDGER_TABLE',
  gates: 'DRYDOCK_GATES_TABLE',
  artifacts: 'DRYDOCK_ARTIFACTS_BUCKET',
  /** ARN of the key that encrypts task tokens and minted credentials. */
  key: 'DRYDOCK_KEY_ARN',
  stateMachine: 'DRYDOCK_STATE_MACHINE_ARN',
  /** ARNs of secrets; the values are fetched when needed. */
  github: 'DRYDOCK_GITHUB_SECRET_ARN',
  models: 'DRYDOCK_MODELS_SECRET_ARN',
  deployment: 'DRYDOCK_DEPLOYMENT_SECRET_ARN',
  slack: 'DRYDOCK_SLACK_SECRET_ARN',
  /** ARN of the secret that encrypts the sessions of the pages. */
  sessions: 'DRYDOCK_SESSIONS_SECRET_ARN',
  /** URL of the pages, without a final slash; not set if the deployment has no pages. */
  pages: 'DRYDOCK_PAGES_URL',
  /** OpenID Connect: the issuer's URL, the client id, and the ARN of the client secret if the client has one. */
  issuer: 'DRYDOCK_OIDC_ISSUER',
  client: 'DRYDOCK_OIDC_CLIENT_ID',
  clientSecret: 'DRYDOCK_OIDC_SECRET_ARN',
  /** Path of the operator's policy in the function's file system. */
  policy: 'DRYDOCK_POLICY',
  /** Folder with the files of each agent profile, `<profile>.tar`. */
  agentFiles: 'DRYDOCK_AGENT_FILES',
  cluster: 'DRYDOCK_CLUSTER_ARN',
  /** Task definition with its revision, so that a running run keeps the revision its function was deployed with. */
  gatewayTask: 'DRYDOCK_GATEWAY_TASK_ARN',
  /** JSON map from a runtime of the policy, or the name of a toolchain, to the task definition `family:revision`. */
  sandboxTasks: 'DRYDOCK_SANDBOX_TASKS',
  /**
   * JSON of the task definitions with services: the beginnings of the digests of the policy's service images, in its order;
   * and for each runtime the revisions of the sets of them, set 1 first. Set N has service B if N has bit B.
   */
  serviceTasks: 'DRYDOCK_SERVICE_TASKS',
  /** `FARGATE`, or `FARGATE_SPOT` for the first attempt of a phase. */
  sandboxCapacity: 'DRYDOCK_SANDBOX_CAPACITY',
  /** Subnet ids, separated by commas. */
  sandboxSubnets: 'DRYDOCK_SANDBOX_SUBNETS',
  sandboxGroup: 'DRYDOCK_SANDBOX_SECURITY_GROUP',
  gatewaySubnets: 'DRYDOCK_GATEWAY_SUBNETS',
  gatewayGroup: 'DRYDOCK_GATEWAY_SECURITY_GROUP',
  /** URL of the queue between `webhook` and `webhook-worker`. */
  queue: 'DRYDOCK_WEBHOOK_QUEUE_URL',
  /** Set if the policy has ways to people besides the pages and the code host. */
  channels: 'DRYDOCK_CHANNELS',
  /** ARN of the role that the broker narrows to one phase and hands to its gateway. */
  phaseFiles: 'DRYDOCK_PHASE_FILES_ROLE_ARN',
  /** Name of the broker's function, and the port to listen on; read by the gateway task. */
  broker: 'DRYDOCK_BROKER',
  gatewayPort: 'DRYDOCK_GATEWAY_PORT',
  /** Subjects of `diagnose`: the image repository, its images (`:tag` or `@digest`), queue URLs, alarm names. */
  images: 'DRYDOCK_IMAGE_REPOSITORY',
  imageNames: 'DRYDOCK_IMAGE_NAMES',
  deadLetters: 'DRYDOCK_DEAD_LETTER_URLS',
  alarms: 'DRYDOCK_ALARMS',
  /** Namespace of the metrics. */
  metrics: 'DRYDOCK_METRICS',
  /** ARN of the function that rotates secrets. */
  rotate: 'DRYDOCK_ROTATE_FUNCTION_ARN',
  /** URL to which the code host should send its deliveries. */
  webhookUrl: 'DRYDOCK_WEBHOOK_URL',
} as const;

/** Encryption context of the key: `{drydock: …}`. IAM allows a role to decrypt one kind and not the other. */
export const sealedAs = { token: 'task-token', credential: 'credential' } as const;

/**
 * Metrics of Drydock. `phase`: milliseconds of each ended phase, by its name. The reconciler writes the others to its
 * log, as fields of one line of JSON; metric filters read them for alarms:
 * - `waiting`: milliseconds since the oldest open wait for a person began; 0 if no run waits
 * - the ages: milliseconds since a secret without rotation was last changed; 0 if it has no value
 */
export const reports = {
  namespace: 'Drydock',
  phase: 'phaseMs',
  waiting: 'oldestWaitMs',
  appKey: 'appKeyAgeMs',
  modelKeys: 'modelKeysAgeMs',
  slack: 'slackAgeMs',
} as const;

/** Path of the webhook, below the URL of the deployment. */
export const webhookPath = '/webhook';

/** The value of a variable; undefined if the deployment does not set it. */
export const optional = (name: keyof typeof variables): string | undefined => process.env[variables[name]] || undefined;

/** The value of a required variable. @throws Error if the deployment does not set it. */
export function variable(name: keyof typeof variables): string {
  const value = optional(name);
  if (value === undefined) throw new Error(`${variables[name]} is not set`);
  return value;
}

/** Routes that IAM authorizes: `METHOD /path`, as API Gateway names them. */
export const routes = { operate: 'POST /operate', diagnose: 'POST /diagnose', setup: 'POST /setup' } as const;
