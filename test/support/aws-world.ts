/**
 * The deployment on one machine: the bundles as Lambda would run them, the machine on the embedded engine, tables on the
 * embedded DynamoDB, and a stand-in where the other services of AWS would be. GitHub is the kit's.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { createGates } from '../../adapters/aws/dynamo/gates.ts';
import { createRuns } from '../../adapters/aws/dynamo/runs.ts';
import { createPhaseStore } from '../../adapters/aws/phases/store.ts';
import { sealedAs, variables } from '../../common/deployment.ts';
import type { Gates } from '../../core/ports/store/gates.ts';
import type { Runs } from '../../core/ports/store/runs.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { Engine } from '../../engine/engine.ts';
import { realClock } from '../../engine/timing/clock.ts';
import type { JsonOperation } from './aws/call.ts';
import { environments, type Machine, machineOf, mailFrom, routes } from './aws/deployed.ts';
import { type Fargate, fargate, type TaskScript } from './aws/fargate.ts';
import { type HttpApi, startHttpApi } from './aws/http-api.ts';
import { kms } from './aws/kms.ts';
import { type Mail, mail } from './aws/mail.ts';
import { roles } from './aws/roles.ts';
import { secretsManager } from './aws/secrets.ts';
import { type AwsStandIn, startAws } from './aws/stand-in.ts';
import { stepFunctions } from './aws/step-functions.ts';
import { startDynamo, testTables } from './dynamo.ts';
import { type GitHubKit, startGitHub } from './github/kit.ts';
import { people, repositoryFiles } from './github-world.ts';
import { createWorld } from './world.ts';

export interface AwsWorld {
  /** By action; what is added is known from then on. */
  operations: Record<string, JsonOperation>;
  aws: AwsStandIn;
  ecs: Fargate;
  github: GitHubKit;
  runs: Runs;
  gates: Gates;
  secrets: ReturnType<typeof secretsManager>;
  /** What people were sent. */
  mails: Mail[];
  /** Where API Gateway listens: webhook and pages. */
  origin: string;
  api: HttpApi;
  engine: Engine;
  /** Deploys other bundles and another machine over what runs. */
  deploy(bundles: string, machine: Machine): Promise<void>;
  /** Calls a function as an event would. */
  call(name: string, event: unknown): Promise<unknown>;
  /** Hear each event that the rule for stopped tasks hands over. */
  told: ((event: unknown) => void)[];
  /** Names of the functions that were invoked, as Lambda counts them. */
  invoked: string[];
  /** What the next invocations of a function fail with, before it runs. */
  throttle: Map<string, number>;
  until(task: string, is: (run: RunRecord) => boolean): Promise<RunRecord>;
  close(): Promise<void>;
}

const arn = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:123456789012:${rest}`;
const machine = arn('states', 'stateMachine:drydock');
const bucket = 'artifacts';
export const secretNames = {
  github: arn('secretsmanager', 'secret:github'),
  models: arn('secretsmanager', 'secret:models'),
  deployment: arn('secretsmanager', 'secret:deployment'),
  slack: arn('secretsmanager', 'secret:slack'),
  sessions: arn('secretsmanager', 'secret:sessions'),
  client: arn('secretsmanager', 'secret:client'),
};
type Handler = (event: unknown) => Promise<unknown>;
const patienceMs = 90_000;
let worlds = 0;
/** The function that runs: it sees the variables that its stack gives it and no other, and signs as itself. */
const caller = new AsyncLocalStorage<string>();
process.env = new Proxy<NodeJS.ProcessEnv>(
  { ...process.env },
  {
    get(env, key: string) {
      const name = caller.getStore();
      if (name === undefined) return env[key];
      if (key === 'AWS_ACCESS_KEY_ID') return name;
      if (key.startsWith('DRYDOCK_') && !environments().get(name)?.has(key)) return undefined;
      return env[key];
    },
  },
);
export async function createAwsWorld(
  options: {
    script?: TaskScript;
    policy?: Record<string, unknown>;
    now?: () => number;
    issuer?: string;
    pages?: false;
  } = {},
): Promise<AwsWorld> {
  const world = createWorld();
  const github = await startGitHub({ files: repositoryFiles(world) });
  const dynamo = await startDynamo(':memory:');
  const endpoint = await dynamo.client.config.endpoint?.();
  const copies: string[] = [];
  /** By `function`, the newest code; by `function@version`, what was published. */
  const handlers = new Map<string, Handler>();
  let published: Machine['versions'] = new Map();
  const invoked: string[] = [];
  const throttle = new Map<string, number>();
  const now = options.now ?? Date.now;

  const call = (qualified: string, event: unknown): Promise<unknown> => {
    const [name = ''] = qualified.split('@');
    return caller.run(name, () => invoke(name, handlers.get(qualified), event));
  };
  const invoke = async (name: string, handler: Handler | undefined, event: unknown): Promise<unknown> => {
    // https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    if (!handler)
      throw Object.assign(new Error(`Function not found: ${name}`), { name: 'Lambda.ResourceNotFoundException' });
    const left = throttle.get(name) ?? 0;
    if (left > 0) {
      throttle.set(name, left - 1);
      throw Object.assign(new Error('Rate Exceeded.'), { name: 'Lambda.TooManyRequestsException' });
    }
    invoked.push(name);
    const answer = await handler(JSON.parse(JSON.stringify(event)));
    return answer === undefined ? undefined : (JSON.parse(JSON.stringify(answer)) as unknown);
  };

  const journal = join(world.folder, 'executions');
  const open = (definition: Machine['definition']): Engine =>
    Engine.open({
      file: journal,
      name: 'drydock',
      definition,
      invoke: call,
      clock: { now, after: realClock.after },
    });
  const deployed = machineOf();
  let engine = open(deployed.definition);
  const load = async (bundles: string, { versions }: Machine): Promise<void> => {
    // A copy: functions share no module with those of another world or deployment.
    const own = `${inject('bundles')}-${process.pid}-${++worlds}`;
    copies.push(own);
    cpSync(bundles, own, { recursive: true });
    for (const name of readdirSync(own)) {
      const file = join(own, name, 'index.mjs');
      if (!existsSync(file)) continue;
      const { handler } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { handler: Handler };
      handlers.set(name, handler);
    }
    for (const [id, { of, kept }] of published) if (!versions.has(id) && !kept) handlers.delete(`${of}@${id}`);
    for (const [id, { of }] of versions) {
      const newest = handlers.get(of);
      if (!published.has(id) && newest) handlers.set(`${of}@${id}`, newest);
    }
    published = versions;
  };
  const steps = stepFunctions(() => engine, machine);
  const secrets = secretsManager({
    [secretNames.github]: JSON.stringify({
      appId: github.app.appId,
      privateKey: github.app.privateKey,
      webhookSecrets: [github.webhookSecret],
      apiUrl: github.url,
      gitUrl: github.url,
    }),
    [secretNames.models]: '{"google":"key-of-google"}',
    [secretNames.deployment]: 'deployment-key',
    [secretNames.sessions]: 'sessions-key',
    [secretNames.client]: 'secret-of-the-client',
    [secretNames.slack]: '{"webhookUrl":"https://hooks.slack.invalid/services/x"}',
  });
  const post = mail(mailFrom);
  const queue: { body: string; tried: number }[] = [];
  let working = Promise.resolve();
  const work = async (): Promise<void> => {
    for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
      const { body, tried } = message;
      const answer = await call('webhook-worker', { Records: [{ messageId: 'm', body }] }).catch(() => undefined);
      const failed = (answer as { batchItemFailures: unknown[] } | undefined)?.batchItemFailures.length !== 0;
      // Then it is in the dead-letter queue.
      if (failed && tried < 4) queue.push({ body, tried: tried + 1 });
    }
  };
  const api = await startHttpApi(routes);
  const late: { ecs?: Fargate } = {};
  const operations: Record<string, JsonOperation> = {
    ...steps,
    ...kms(arn('kms', 'key/1'), Object.values(sealedAs)),
    ...secrets.operations,
    ...post.operations,
    ...roles().operations,
    'sqs:SendMessage': ({ MessageBody }) => {
      queue.push({ body: String(MessageBody), tried: 0 });
      working = working.then(work);
      return { MessageId: 'm', MD5OfMessageBody: createHash('md5').update(String(MessageBody)).digest('hex') };
    },
    'ecs:RunTask': (input) => late.ecs?.operations['ecs:RunTask']?.(input),
    'ecs:DescribeTasks': (input) => late.ecs?.operations['ecs:DescribeTasks']?.(input),
    'ecs:ListTasks': (input) => late.ecs?.operations['ecs:ListTasks']?.(input),
    'ecs:StopTask': (input) => late.ecs?.operations['ecs:StopTask']?.(input),
  };
  const aws = await startAws(operations, `${endpoint?.protocol}//${endpoint?.hostname}:${endpoint?.port}`);
  const policyFile = join(world.folder, 'operator.json');
  writeFileSync(
    policyFile,
    JSON.stringify({
      version: 1,
      people,
      repositories: { [github.repository]: { host: 'github', installation: github.app.installation } },
      agents: {
        default: 'codemod',
        profiles: { codemod: { kind: 'command', command: ['node', '/agent/agent.mjs'] } },
      },
      review: { approvers: ['lead', 'second'], plan: 'optional' },
      ...options.policy,
    }),
  );
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    // test/aws/scenario/telemetry.test.ts looks at what is said.
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'TEST',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-caller',
    [variables.runs]: testTables.runs,
    [variables.ledger]: testTables.ledger,
    [variables.gates]: testTables.gates,
    [variables.artifacts]: bucket,
    [variables.key]: arn('kms', 'key/1'),
    [variables.stateMachine]: machine,
    [variables.github]: secretNames.github,
    [variables.models]: secretNames.models,
    [variables.deployment]: secretNames.deployment,
    [variables.policy]: policyFile,
    [variables.cluster]: arn('ecs', 'cluster/drydock'),
    [variables.sandboxTasks]: JSON.stringify({ node: arn('ecs', 'task-definition/sandbox:1') }),
    [variables.sandboxCapacity]: options.policy?.sandbox === undefined ? 'FARGATE' : 'FARGATE_SPOT',
    [variables.agentFiles]: join(world.folder, 'agents'),
    [variables.gatewayTask]: arn('ecs', 'task-definition/gateway:1'),
    [variables.sandboxSubnets]: 'subnet-1,subnet-2',
    [variables.sandboxGroup]: 'sg-1',
    [variables.gatewaySubnets]: 'subnet-3',
    [variables.gatewayGroup]: 'sg-2',
    [variables.queue]: `${aws.url}/123456789012/webhooks`,
    ...(options.policy?.notify === undefined ? {} : { [variables.channels]: 'yes' }),
    [variables.phaseFiles]: arn('iam', 'role/phase-files'),
    [variables.broker]: 'broker',
    [variables.slack]: secretNames.slack,
    [variables.images]: 'drydock-images',
    [variables.imageNames]: ':gateway-0.1.0,:node-0.1.0',
    [variables.deadLetters]: `${aws.url}/123456789012/dead,${aws.url}/123456789012/lost`,
    [variables.alarms]: 'RunsFailed,Errors',
    [variables.webhookUrl]: 'https://api.example.com/webhook',
    [variables.metrics]: 'Drydock/Drydock',
    [variables.rotate]: 'arn:aws:lambda:us-east-1:123456789012:function:Rotate',
    [variables.sessions]: secretNames.sessions,
    [variables.pages]: options.pages === false ? '' : api.origin,
    [variables.client]: 'drydock',
    [variables.issuer]: options.issuer ?? 'https://login.example.com',
    [variables.clientSecret]: secretNames.client,
  });
  await load(inject('bundles'), deployed);
  const told: AwsWorld['told'] = [];
  const store = createPhaseStore(new S3Client({}), bucket);
  const ecs = fargate({
    store,
    script: options.script ?? (() => undefined),
    told(event) {
      for (const hear of told) hear(event);
      return call('settle-phase', event);
    },
  });
  late.ecs = ecs;
  api.call = call;
  github.deliverTo(`${api.origin}/webhook`);
  const runs = createRuns(dynamo.client, testTables.runs);

  return {
    operations,
    aws,
    ecs,
    github,
    runs,
    gates: createGates(dynamo.client, testTables.gates),
    secrets,
    mails: post.sent,
    origin: api.origin,
    api,
    get engine() {
      return engine;
    },
    async deploy(bundles, next) {
      await load(bundles, next);
      // Executions keep the definition that they were started with.
      await engine.close();
      engine = open(next.definition);
      await engine.resume();
    },
    call,
    told,
    invoked,
    throttle,
    async until(task, is) {
      for (const last = Date.now() + patienceMs; ; await new Promise((go) => setTimeout(go, 25))) {
        const run = (await runs.list()).find(({ taskId }) => taskId === task);
        if (run && is(run)) return run;
        const stuck = run && (run.status === 'failed' || run.status === 'rejected');
        if (!stuck && Date.now() < last) continue;
        const events = run ? (await runs.events(run.runId)).map(({ type, text }) => `${type}: ${text}`) : [];
        throw new Error(`${task} did not get there: ${run?.status} in ${run?.state}\n${events.join('\n')}`);
      }
    },
    async close() {
      await api.close();
      await working;
      await ecs.idle();
      await engine.close();
      await aws.close();
      await dynamo.close();
      await github.close();
      world.remove();
      for (const own of copies) rmSync(own, { recursive: true, force: true });
    },
  };
}
