import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { createS3Artifacts } from '../../adapters/aws/artifacts.ts';
import { createAdmission } from '../../adapters/aws/dynamo/admission.ts';
import { createBaselines } from '../../adapters/aws/dynamo/baselines.ts';
import { createCredentials } from '../../adapters/aws/dynamo/credentials.ts';
import { createGates } from '../../adapters/aws/dynamo/gates.ts';
import { createLedger } from '../../adapters/aws/dynamo/ledger.ts';
import { createPhases } from '../../adapters/aws/dynamo/phases.ts';
import { createRunLinks } from '../../adapters/aws/dynamo/run-links.ts';
import { createRuns } from '../../adapters/aws/dynamo/runs.ts';
import { createSeenSpecs } from '../../adapters/aws/dynamo/seen-specs.ts';
import { createSentMessages } from '../../adapters/aws/dynamo/sent-messages.ts';
import { withDrydockErrors } from '../../adapters/aws/errors.ts';
import { createStepFunctions } from '../../adapters/aws/executions.ts';
import { type Capacity, createFargateLauncher, type FargateLauncher } from '../../adapters/aws/phases/launcher.ts';
import { createPhaseStore } from '../../adapters/aws/phases/store.ts';
import { createSecrets } from '../../adapters/aws/secrets/secrets.ts';
import { createKmsVault } from '../../adapters/aws/secrets/vault.ts';
import type { GitHubAccess } from '../../adapters/github/api/access.ts';
import { createGitHubAccess } from '../../adapters/github/api/app.ts';
import { createGitHubCodeHost } from '../../adapters/github/code-host.ts';
import { createCollaboration } from '../../adapters/github/collaboration.ts';
import { gatewayPort, optional, sealedAs, variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { readNotificationSettings } from './notification-settings.ts';
import { composeNotifier } from './notifier.ts';
import { logger, traced } from './telemetry.ts';

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
/** Created once. Errors of AWS become `DrydockError`s, wherever they are caught. */
const named = <T extends object>(make: () => T): (() => T) => once(() => withDrydockErrors(make()));

const clock = { now: Date.now, sleep: (ms: number) => delay(ms) };
const dynamo = once(() => traced(new DynamoDBClient({})));
const s3 = once(() => traced(new S3Client({})));

export const secrets = named(() => createSecrets(traced(new SecretsManagerClient({})), clock.now));
export const phaseStore = once(() => createPhaseStore(s3(), variable('artifacts')));
const gates = named(() => createGates(dynamo(), variable('gates')));
export const phases = named(() => createPhases(dynamo(), variable('gates')));
export const credentials = named(() => createCredentials(dynamo(), variable('gates')));
export const sts = once(() => traced(new STSClient({})));
const kms = once(() => traced(new KMSClient({})));

const opened = new Map<string, GitHubAccess>();
/** The GitHub App's access, reopened when its secret has changed. */
export async function gitHubAccess(): Promise<GitHubAccess> {
  const { appId, privateKey, apiUrl, gitUrl } = await secrets().gitHubApp(variable('github'));
  const config = { apiUrl, gitUrl, auth: { appId, privateKey } };
  const key = JSON.stringify(config);
  const known = opened.get(key);
  if (known) return known;
  const { seal, open } = createKmsVault(kms(), variable('key'), sealedAs.credential);
  const access = createGitHubAccess(config, { credentials: credentials(), seal, open, now: clock.now });
  opened.clear();
  opened.set(key, access);
  return access;
}

const notifier = once(() =>
  composeNotifier({
    settings: readNotificationSettings(),
    sent: createSentMessages(dynamo(), variable('gates'), clock),
    slackWebhook: () => secrets().slackWebhook(variable('slack')),
    sleep: clock.sleep,
    log: (line) => logger.warn('unsent', line),
  }),
);

/**
 * Each dependency is created when a step first needs it, and lives as long as the function: clients keep connections.
 */
const parts = {
  runs: named(() => createRuns(dynamo(), variable('runs'))),
  ledger: named(() => createLedger(dynamo(), variable('ledger'))),
  admission: named(() => createAdmission(dynamo(), variable('ledger'))),
  baselines: named(() => createBaselines(dynamo(), variable('ledger'))),
  seenSpecs: named(() => createSeenSpecs(dynamo(), variable('runs'))),
  runLinks: named(() => createRunLinks(dynamo(), variable('runs'))),
  artifacts: named(() => createS3Artifacts(s3(), variable('artifacts'))),
  executions: named(() => createStepFunctions(traced(new SFNClient({})), variable('stateMachine'))),
  vault: named(() => createKmsVault(kms(), variable('key'), sealedAs.token)),
};

/** The dependencies of the steps on AWS. */
export async function composeDeps(): Promise<Deps> {
  const access = await gitHubAccess();
  return {
    clock,
    gates: gates(),
    phases: phases(),
    get runs() {
      return parts.runs();
    },
    get ledger() {
      return parts.ledger();
    },
    get admission() {
      return parts.admission();
    },
    get baselines() {
      return parts.baselines();
    },
    get seenSpecs() {
      return parts.seenSpecs();
    },
    get runLinks() {
      return parts.runLinks();
    },
    get artifacts() {
      return parts.artifacts();
    },
    get executions() {
      return parts.executions();
    },
    get vault() {
      return parts.vault();
    },
    get launcher() {
      return fargate();
    },
    codeHost(kind, scope) {
      if (kind !== 'github') {
        throw new DrydockError(
          'PolicyRefused',
          `${scope.repository} is a local repository, which a deployment on AWS cannot reach.`,
          {
            remedy: 'Host it on GitHub, or run it on one machine.',
          },
        );
      }
      return createGitHubCodeHost({
        access,
        scope,
        dataDir: '/tmp',
        collaboration: createCollaboration(access, scope),
      });
    },
    notifier: { notify: (message) => notifier().notify(message) },
    modelAccess: (provider) => secrets().modelAccess(variable('models'), provider),
    agentFiles: (path) => path,
    runLink: (runId) => pageOf('runs', runId),
    gateLink: (gateId) => pageOf('gates', gateId),
  };
}

/** `undefined` if there are no pages. A link grants no access without signing in. */
function pageOf(kind: 'runs' | 'gates', id: string): string | undefined {
  const pages = optional('pages');
  return pages && `${pages}/${kind}/${encodeURIComponent(id)}`;
}

/** Launches the tasks of phases. */
export const fargate = named((): FargateLauncher => {
  const list = (name: 'sandboxSubnets' | 'gatewaySubnets'): string[] => variable(name).split(',');
  const config = {
    cluster: variable('cluster'),
    // Some functions stop tasks but never start them.
    get networks() {
      return {
        gateway: { subnets: list('gatewaySubnets'), securityGroup: variable('gatewayGroup') },
        sandbox: { subnets: list('sandboxSubnets'), securityGroup: variable('sandboxGroup') },
      };
    },
    get definitions() {
      return {
        gateway: variable('gatewayTask'),
        sandboxes: JSON.parse(variable('sandboxTasks')) as Record<string, string>,
      };
    },
    get sandboxCapacity() {
      return variable('sandboxCapacity') as Capacity;
    },
    gatewayPort,
    agentFiles: readAgentFiles,
    deploymentKey: () => secrets().text(variable('deployment')),
  };
  return createFargateLauncher(traced(new ECSClient({})), phaseStore(), config, clock);
});

/** The deployed files of a profile. @throws AgentUnavailable if there are none. */
async function readAgentFiles(profile: string): Promise<Uint8Array> {
  try {
    return await readFile(join(variable('agentFiles'), `${profile}.tar`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new DrydockError('AgentUnavailable', `The files of the profile ${profile} were not deployed.`, {
      remedy: 'Deploy again with the policy that names them.',
    });
  }
}
