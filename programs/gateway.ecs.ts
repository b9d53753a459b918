/** The program of a gateway task: gets its order from the broker, serves its phase, stores the outputs. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { z } from 'zod';
import { createArchiveStore } from '../adapters/aws/gateway/archive-store.ts';
import { hostGateway } from '../adapters/aws/gateway/host.ts';
import { type BrokerAnswer, brokerAnswer } from '../adapters/aws/phases/broker.ts';
import { createPhaseStore } from '../adapters/aws/phases/store.ts';
import { createGitHubAccess } from '../adapters/github/api/app.ts';
import { createGitHubCodeHost } from '../adapters/github/code-host.ts';
import { history } from '../adapters/github/repository/history.ts';
import { here } from '../adapters/thread/here.ts';
import { defined } from '../core/defined.ts';
import { DrydockError } from '../core/errors.ts';
import type { CodeHostScope } from '../core/ports/host/code-host.ts';
import type { ModelAccess } from '../core/ports/runtime/model-access.ts';
import { prepareJob } from '../pipeline/phases/prepare-job.ts';
import { layout } from '../sandbox/layout.ts';

const environment = z.object({
  DRYDOCK_PHASE_KEY: z.string(),
  DRYDOCK_GRANT: z.string(),
  /** Name or ARN of the broker's function. */
  DRYDOCK_BROKER: z.string(),
  DRYDOCK_ARTIFACTS_BUCKET: z.string(),
  DRYDOCK_GATEWAY_PORT: z.coerce.number().int().positive(),
  /** Base URL of an npm mirror. Default: the public registry. */
  DRYDOCK_NPM_REGISTRY: z.url().optional(),
  /** The company's proxy. Node's fetch uses it because of NODE_USE_ENV_PROXY=1, and git uses it by itself. */
  HTTPS_PROXY: z.url().optional(),
});

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
    process.exit(1);
  },
);

async function main(): Promise<void> {
  const env = environment.parse(process.env);
  const stop = new AbortController();
  // ECS sends SIGTERM to stop a task, and leaves time to store the outputs so far.
  process.once('SIGTERM', () => stop.abort('its task was stopped'));
  const ask = brokerOf(new LambdaClient({}), env.DRYDOCK_BROKER, env.DRYDOCK_PHASE_KEY, env.DRYDOCK_GRANT);
  const answer = await ask();
  let first: BrokerAnswer | undefined = answer;
  const s3 = new S3Client({
    // A phase may outlast its credentials: the SDK calls this again shortly before they expire.
    credentials: async () => {
      const { credentials } = first ?? (await ask());
      first = undefined;
      return { ...credentials, expiration: new Date(credentials.expiration) };
    },
  });
  const registries = env.DRYDOCK_NPM_REGISTRY === undefined ? {} : { registries: { npm: env.DRYDOCK_NPM_REGISTRY } };
  await hostGateway({
    order: answer.order,
    ticket: answer.ticket,
    store: createPhaseStore(s3, env.DRYDOCK_ARTIFACTS_BUCKET),
    archives: createArchiveStore(s3, env.DRYDOCK_ARTIFACTS_BUCKET, join(tmpdir(), 'archives')),
    prepare(order) {
      const { missing } = answer;
      if (missing) throw Object.assign(new Error(missing.message), { name: missing.name });
      return prepareJob(depsOf(answer), order);
    },
    listen: { host: '0.0.0.0', port: env.DRYDOCK_GATEWAY_PORT },
    signal: stop.signal,
    ...registries,
    ...(env.HTTPS_PROXY === undefined ? {} : { proxy: new URL(env.HTTPS_PROXY) }),
  });
}

/** The dependencies of `prepareJob`, from the broker's answer. */
function depsOf({
  codeHost: own,
  submodules = {},
  model,
  egressCredentials = {},
  order,
}: BrokerAnswer): Parameters<typeof prepareJob>[0] {
  return {
    codeHost(kind, scope: CodeHostScope) {
      const codeHost = scope.repository === order.base.scope.repository ? own : submodules[scope.repository];
      if (kind !== 'github' || !codeHost)
        throw new DrydockError(
          'PolicyRefused',
          `${scope.repository} is on a code host that a deployment on AWS cannot reach.`,
        );
      const { apiUrl, gitUrl, token } = codeHost;
      // A given token is neither minted nor revoked, so no credential is stored.
      const none = { remember: async () => {}, of: async () => [], owners: async () => [], forget: async () => {} };
      const vault = { seal: (text: string) => text, open: (text: string) => text };
      const access = createGitHubAccess(
        { apiUrl, gitUrl, auth: { token } },
        { credentials: none, ...vault, now: Date.now },
      );
      return createGitHubCodeHost({ access, scope, dataDir: tmpdir(), thread: here, history });
    },
    async modelAccess(provider, endpoint): Promise<ModelAccess> {
      if (model !== undefined && Object.keys(model).length > 0) return { mode: 'live', ...defined(model) };
      if (endpoint?.credential === 'none') return { mode: 'live' };
      // The role of this task, whose keys change while the phase lasts.
      if (endpoint?.kind === 'bedrock') return { mode: 'live', aws: defaultProvider() };
      throw new DrydockError('SecretMissing', `The broker returned no key for ${provider}.`);
    },
    async credential(variable) {
      const value = new Map(Object.entries(egressCredentials)).get(variable);
      if (value !== undefined) return value;
      throw new DrydockError('SecretMissing', `The broker returned no credential ${variable}.`);
    },
    // The files are an input of the phase, which the sandbox unpacks to this path.
    agentFiles: () => layout.agent,
  };
}

function brokerOf(client: LambdaClient, broker: string, phaseKey: string, grant: string) {
  const proof = randomBytes(32).toString('hex');
  return async (): Promise<BrokerAnswer> => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: broker, Payload: JSON.stringify({ phaseKey, grant, proof }) }),
    );
    const value: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
    if (FunctionError === undefined) return brokerAnswer.parse(value);
    const { errorType, errorMessage } = z.object({ errorType: z.string(), errorMessage: z.string() }).parse(value);
    throw Object.assign(new Error(errorMessage), { name: errorType });
  };
}
