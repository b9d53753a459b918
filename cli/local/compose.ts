import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createGitCodeHost } from '../../adapters/git/code-host.ts';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { readAdvisories } from '../../adapters/local/advisories.ts';
import { checkContainers } from '../../adapters/local/containers/check.ts';
import { createEngineExecutions } from '../../adapters/local/executions.ts';
import { createLocalLauncher } from '../../adapters/local/launcher.ts';
import { modelAccessOf } from '../../adapters/local/model-access.ts';
import type { SandboxChoice } from '../../adapters/local/sandbox/choose-wall.ts';
import { probeBubblewrap } from '../../adapters/local/sandbox/isolation/bubblewrap.ts';
import { createLocalPhaseRunner, meteredCalls } from '../../adapters/local/sandbox/phase-runner.ts';
import { credentialOf } from '../../adapters/local/secret-variable.ts';
import { createFolderArtifacts } from '../../adapters/local/storage/artifacts.ts';
import { createVault, loadKey } from '../../adapters/local/storage/vault.ts';
import { type LocalStores, openStores, probeStores } from '../../adapters/local/stores/open-stores.ts';
import { createThread } from '../../adapters/thread/thread.ts';
import { packageRoot } from '../../common/package-info.ts';
import { defined } from '../../core/defined.ts';
import { type Check, pass, warn } from '../../core/doctor/finding.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';
import type { PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import type { OutboxEntry } from '../../core/ports/store/outbox.ts';
import type { Runs } from '../../core/ports/store/runs.ts';
import type { ReadScope } from '../../core/review/readers.ts';
import type { Channel as ActChannel } from '../../core/run/record.ts';
import { Engine } from '../../engine/engine.ts';
import { realClock } from '../../engine/timing/clock.ts';
import { type Act, recordAct, recordRefusal } from '../../pipeline/audit/record-act.ts';
import { loadPolicy } from '../../pipeline/commands/stored-policy.ts';
import { learnFrom } from '../../pipeline/commands/submit-learn.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { closeExpired, recover } from '../../pipeline/lifecycle/recover.ts';
import { announce } from '../../pipeline/notices/announce.ts';
import { tendMessages } from '../../pipeline/notices/tend.ts';
import type { StepName } from '../../pipeline/payloads.ts';
import { endPhase } from '../../pipeline/phases/end-phase.ts';
import { prepareJob } from '../../pipeline/phases/prepare-job.ts';
import { createService, type Service, type WatchItem } from '../../pipeline/service/service.ts';
import { watch } from '../../pipeline/service/watch.ts';
import { steps } from '../../pipeline/steps/index.ts';
import { taskMachine } from '../../pipeline/task.machine.ts';
import { fireSchedules, scheduleMemory } from '../../pipeline/triggers/schedules.ts';
import type { HookOutcome } from '../../pipeline/webhooks/outcome.ts';
import { loadGitHubConfig } from '../config/github.ts';
import { composeMessages } from '../messages/compose.ts';
import { composeGitHub, composeWebhooks, followCi, type GitHub, hasEnded, type Webhooks } from './compose-github.ts';
import { makeDataFolder } from './data-folder.ts';
import { createLiveLog } from './live-log.ts';
import { judgeProgram } from './programs.ts';

/** Time and memory for one job of the guard; the default limits of a change need a second and less than 100 MB. */
const jobMs = 60_000;
/** Messages on a page. */
const maxShown = 300;
const jobMemoryMb = 1_024;

export interface ServerProcessOptions {
  dataDir: string;
  /** How sandboxes are made; default: bubblewrap where it works, else containers. */
  sandbox?: SandboxChoice;
  unsafeNoSandbox?: boolean;
  strictRuntime?: boolean;
  /** Recorded model session instead of a live provider. */
  replaySession?: string;
  /** Base URL of links to gates; undefined until the pages are served. */
  webUrl?: () => string | undefined;
  /** Base URL of links to runs for other people, if they can reach the pages. */
  publicUrl?: string;
  /** Credentials for repositories on GitHub. */
  github?: GitHubConfig;
  /** Policy for webhooks; without it no webhooks are received. */
  policy?: () => Policy;
  /** Policy by which people are told; without it messages are only shown on the pages. */
  messages?: Policy;
  now?: () => number;
  /** Aborts when the process is asked to stop, which may be long before `close`: what is in progress is cut short. */
  stopping?: AbortSignal;
  /** Only reads, and stores decisions; runs nothing. */
  passive?: boolean;
  /** Runs phases; default: the sandbox of this machine. */
  runner?: PhaseRunner;
  /** Traces each call of a step: `called` before it, `returned` after it and before its result is recorded. */
  onStep?(at: 'called' | 'returned', step: StepName, payload: unknown): void;
}

/** The process that owns a data folder: engine, stores, sandboxes. A data folder has at most one. */
export interface ServerProcess {
  service: Service;
  /** The service as somebody sees it who may read some runs only. */
  serviceFor(scope: ReadScope, channel?: ActChannel): Service;
  watch(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
  /** Messages to people, newest first. */
  outbox(): Promise<OutboxEntry[]>;
  /** The ways to people that the policy configures. */
  channels: readonly Channel[];
  /** Reminds people whose gates expire soon, and sends the digest that is due. */
  tendMessages(): Promise<void>;
  /** Address of the pages, if this process serves them. */
  pages(): string | undefined;
  /** Fires the schedules of runbooks that are due. @throws Never: a failure is an outcome. */
  fireSchedules(signal?: AbortSignal): Promise<HookOutcome[]>;
  /** Present with GitHub's credentials and a policy. */
  webhooks?: Webhooks;
  /** Records what happened beside runs: on the pages, or a refused webhook. */
  audit(act: Act): Promise<void>;
  /** Unfinished executions, by run id. */
  unfinished(): string[];
  /** Resumes the unfinished runs of an earlier server process, and returns their number. */
  resume(): Promise<number>;
  close(): Promise<void>;
}

/** @throws EngineBusy when another process owns the folder; FileUnreadable, RecordUnreadable. */
export async function openServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { dataDir } = options;
  const clock = { now: options.now ?? Date.now };
  makeDataFolder(dataDir);
  const thread = createThread({ program: judgeProgram(), deadlineMs: jobMs, memoryMb: jobMemoryMb });
  const bus = new EventEmitter().setMaxListeners(0);
  // Set below, because the engine and the steps need each other.
  const wired: { deps?: Deps } = {};
  const engine = Engine.open({
    file: join(dataDir, 'engine.sqlite'),
    name: 'drydock',
    definition: taskMachine((step) => step),
    async invoke(functionName, payload) {
      const step = steps[functionName as keyof typeof steps];
      if (!step || !wired.deps)
        throw new DrydockError('Internal', `The state machine calls ${functionName}, which is not a step.`);
      thread.warm();
      options.onStep?.('called', functionName as StepName, payload);
      const output = await step(wired.deps)(payload);
      options.onStep?.('returned', functionName as StepName, payload);
      return output;
    },
    clock: { now: clock.now, after: realClock.after },
  });
  let stores: LocalStores;
  try {
    stores = openStores(dataDir);
  } catch (error) {
    await engine.close();
    throw error;
  }
  const runner: PhaseRunner =
    options.runner ??
    createLocalPhaseRunner({
      dataDir,
      packageRoot: packageRoot(),
      ...defined({
        sandbox: options.sandbox,
        unsafeNoSandbox: options.unsafeNoSandbox,
        strictRuntime: options.strictRuntime,
      }),
    });
  const gitHost = createGitCodeHost(dataDir);
  const liveLog = createLiveLog(clock.now);
  const messaging = composeMessages({
    ...{ policy: options.messages, outbox: stores.outbox, gates: stores.ports.gates, now: clock.now },
    passive: options.passive === true,
    say: (line) => process.stderr.write(`drydock: ${line}\n`),
  });
  const launcher = createLocalLauncher(
    runner,
    (order) => prepareJob(deps, order),
    {
      event: (runId, phaseId, event) =>
        bus.emit(runId, { kind: 'phase', phaseId, event: liveLog.add(runId, phaseId, event) }),
      async end(phaseId, attempt, end) {
        await endPhase(deps, phaseId, attempt, end);
        liveLog.end(phaseId);
      },
      fault: (phaseId, error) =>
        process.stderr.write(`drydock: the end of ${phaseId} could not be recorded: ${viewError(error).message}\n`),
    },
    (phaseKey) => meteredCalls(dataDir, phaseKey),
  );
  const vault = createVault(loadKey(join(dataDir, 'key')));
  const closing = new AbortController();
  const stopping = AbortSignal.any([closing.signal, ...(options.stopping ? [options.stopping] : [])]);
  // Connected on first use, so that invalid GitHub credentials do not affect runs of other repositories.
  let connected: GitHub | undefined;
  const config = (): GitHubConfig | undefined => options.github ?? loadGitHubConfig({ dataDir, env: process.env });
  const github = (): GitHub | undefined => {
    const found = connected ? undefined : config();
    if (found) {
      const { credentials } = stores;
      connected = composeGitHub({ config: found, dataDir, credentials, vault, thread, now: clock.now, stopping });
    }
    return connected;
  };
  const deps: Deps = {
    clock,
    ...stores.ports,
    runs: announcing(stores.ports.runs, bus),
    artifacts: createFolderArtifacts(join(dataDir, 'artifacts')),
    codeHost(kind, scope) {
      if (kind === 'git') return gitHost;
      const hosted = github();
      if (hosted) return hosted.codeHost(scope);
      throw new DrydockError('SecretMissing', `There are no credentials for ${scope.repository} on GitHub.`, {
        remedy:
          'Create the app with `drydock github setup`, or set GITHUB_TOKEN; or pass a local clone: --repo NAME=PATH.',
      });
    },
    launcher,
    phaseInbox: launcher,
    executions: createEngineExecutions(engine, options.passive !== true),
    notifier: { tell: (subject) => announce(deps, messaging.messages, subject) },
    thread,
    advisories: readAdvisories,
    vault,
    modelAccess: (provider, endpoint) => modelAccessOf(provider, options.replaySession, process.env, endpoint),
    credential: (variable) => credentialOf(variable),
    agentFiles(path) {
      if (!existsSync(path))
        throw new DrydockError('AgentUnavailable', `The folder of the agent's files, ${path}, does not exist.`, {
          remedy: 'Correct `files` of the profile in the policy, or make the folder.',
        });
      return path;
    },
    async afterRun(runId) {
      const run = await deps.runs.get(runId);
      const policy = run && (await loadPolicy(deps, run));
      // A code host tells of the end of the pull request, and of what people changed in it.
      if (policy?.repositories[run?.repository ?? '']?.host === 'git' && run) await learnFrom(deps, run, policy);
    },
    runLink: (runId) => options.publicUrl && `${options.publicUrl}/runs/${encodeURIComponent(runId)}`,
    pageLink: (path) => {
      const base = options.publicUrl ?? options.webUrl?.();
      return base && `${base}${path}`;
    },
  };
  wired.deps = deps;
  const receives = options.policy && config();
  const hosted = receives && github();
  const webhooks =
    hosted && options.policy
      ? composeWebhooks({ github: hosted, config: receives, deps, dataDir, policy: options.policy, now: clock.now })
      : undefined;
  const schedules = scheduleMemory();
  const unfinished = (): string[] => engine.list({ status: 'RUNNING' }).map((execution) => execution.name);

  if (options.passive !== true) void followCi(deps, () => (connected ? unfinished() : []), stopping);

  return {
    service: createService(deps, unfinished),
    serviceFor: (scope, channel) => createService(deps, unfinished, scope, channel),
    watch: (runId, signal) => watch(deps, bus, runId, signal, () => liveLog.of(runId)),
    outbox: () => stores.outbox.list(maxShown),
    channels: messaging.channels,
    tendMessages: async () => (options.messages ? tendMessages(deps, messaging.messages, options.messages) : undefined),
    pages: () => options.webUrl?.(),
    audit: (act) => (act.type.endsWith('-refused') ? recordRefusal(deps, undefined, act) : recordAct(deps, act)),
    ...(webhooks ? { webhooks } : {}),
    unfinished,
    fireSchedules: async (signal) => (options.policy ? fireSchedules(deps, options.policy(), schedules, signal) : []),
    async resume() {
      const left = engine.left();
      const named = (waits: boolean): string[] =>
        left.filter(({ waiting }) => (waiting === 'token') === waits).map(({ name }) => name);
      // Recovery comes before the engine resumes, so that its answers are recorded and no step runs in parallel.
      await closeExpired(deps, named(false));
      await recover(deps, named(true));
      await engine.resume();
      if ((await stores.credentials.owners()).length > 0) {
        await github()
          ?.revokeLeftovers((runId) => hasEnded(deps, runId))
          .catch(() => undefined);
      }
      return left.length;
    },
    async close() {
      closing.abort();
      await launcher.stopAll();
      await engine.close();
      await messaging.close();
      await thread.close();
      await connected?.close().catch(() => undefined);
      webhooks?.close();
      stores.close();
      await runner.removed?.();
    },
  };
}

/** Checks of `doctor` that need the adapters: the sandbox and the embedded database. */
export async function machineChecks({ driver, runtime }: SandboxChoice, dataDir: string): Promise<Check[]> {
  const check = async (name: string, probe: () => Promise<string> | string): Promise<Check> => {
    try {
      return pass(name, await probe());
    } catch (error) {
      const { message, remedy } = viewError(error);
      return warn(name, message, remedy);
    }
  };
  const bubblewrap = async () => {
    await probeBubblewrap();
    return 'bubblewrap, nested';
  };
  const [inner, containers, database] = await Promise.all([
    check('bubblewrap', bubblewrap),
    check('containers', () => checkContainers({ dataDir, packageRoot: packageRoot(), runtime })),
    check('database', () => {
      probeStores();
      return 'SQLite, in this process';
    }),
  ]);
  const walls = { bubblewrap: [inner], container: [containers], auto: [inner, containers] }[driver];
  // The wall that phases use, or why they have none.
  const used = walls.find(({ ok }) => ok) ?? walls[0] ?? inner;
  return [{ ...used, name: 'sandbox', required: true }, inner, containers, { ...database, required: true }];
}

export { missingHere } from '../../adapters/local/sandbox/host/installable.ts';

/** Emits every event and every changed record on the bus, for watchers. */
function announcing(runs: Runs, bus: EventEmitter): Runs {
  return {
    ...runs,
    async update(runId, change) {
      const record = await runs.update(runId, change);
      bus.emit(runId, { kind: 'record', record });
      return record;
    },
    async append(runId, event) {
      await runs.append(runId, event);
      bus.emit(runId, { kind: 'event', event });
    },
  };
}
