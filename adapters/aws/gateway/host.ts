import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseJob, PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import { emptyEnd } from '../../../core/run/phase-end.ts';
import { agentFilesInput, type StoredOrder } from '../../../core/run/phase-order.ts';
import { behindProxy } from '../../../gateway/egress/company-proxy.ts';
import { systemNetwork } from '../../../gateway/egress/connect.ts';
import { gatewayLimits } from '../../../gateway/limits.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { readMeter } from '../../../gateway/meter/meter.ts';
import { Inbox } from '../../../gateway/phase/inbox.ts';
import { leftFiles } from '../../../gateway/phase/left-artifacts.ts';
import { PhaseLog } from '../../../gateway/phase/phase-log.ts';
import { gatewaySettingsOf } from '../../../gateway/phase/phase-settings.ts';
import { type Failure, judge } from '../../../gateway/phase/verdict.ts';
import type { ArchiveStore, Archives } from '../../../gateway/registry/archives.ts';
import { lockedChecksums, lockFiles } from '../../../gateway/registry/locked-archives.ts';
import { publicRegistries } from '../../../gateway/registry/parts.ts';
import { createGateway } from '../../../gateway/server.ts';
import { artifactNames } from '../../../sandbox/layout.ts';
import { git } from '../../git/git.ts';
import { fargateEnforcer } from '../phases/enforcer.ts';
import type { LeftPhase, PhaseStore } from '../phases/store.ts';
import { sha256Of } from '../put-file.ts';

/** The runner stops at the phase's time limit; this much later the gateway stops waiting for it. */
const graceMs = 60_000;

/** A look costs less than a millionth of a dollar. */
const hearMs = 3_000;

/** Connections that wait to be accepted; Linux allows as many. Those of a neighbour must not leave out the sandbox's. */
const backlog = 4_096;

interface GatewayHostOptions {
  order: StoredOrder;
  /** The ticket that the sandbox exchanges for its secrets. */
  ticket: string;
  store: Pick<PhaseStore, 'input' | 'remarks' | 'putCalls' | 'putEnd'>;
  /** Prepares the inputs of the order: base repository, model key. */
  prepare(order: PhaseOrder): PhaseJob | Promise<PhaseJob>;
  listen: { host: string; port: number };
  /** Aborted when the sandbox has stopped or the phase was stopped; the reason is a text for people. */
  signal: AbortSignal;
  /** Base URLs by registry. Default: the public ones. */
  registries?: Record<string, string>;
  /** Package archives that are kept between phases; without it each phase downloads its own. */
  archives?: ArchiveStore;
  /** The company's proxy, for tunnels of the sandbox; this process takes its own proxy from the environment. */
  proxy?: URL;
  onListening?(port: number): void;
}

/**
 * The gateway of one phase as its own task. It serves the sandbox until the result has arrived, the signal aborts or
 * the time limit is over, and then stores the outputs of the phase. Resolves when they are stored.
 */
export async function hostGateway(options: GatewayHostOptions): Promise<void> {
  const start = performance.now();
  const { order, store, signal } = options;
  const { phaseKey } = order.spec;
  const folder = await mkdtemp(join(tmpdir(), 'drydock-gateway-'));
  const log = new PhaseLog();
  const meterFile = join(folder, 'meter.ndjson');
  let failure: Failure | undefined;
  try {
    const folders = { inputs: join(folder, 'inputs'), artifacts: join(folder, 'artifacts') };
    for (const folder of Object.values(folders)) await mkdir(folder);
    const inputs: Record<string, string> = {};
    let job: PhaseJob;
    let agentFiles: string | undefined;
    try {
      await fetchInputs(order, store, folders.inputs, inputs);
      agentFiles = await checkedAgentFiles(order, inputs[agentFilesInput]);
      job = await options.prepare({ ...order, inputs: new Map() });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const ms = Math.round(performance.now() - start);
      await store.putEnd({ ...emptyEnd(phaseKey, fargateEnforcer, { name, message }), ms });
      return;
    }
    const secrets = { runner: randomBytes(32).toString('hex'), agent: randomBytes(32).toString('hex') };
    const available = { ...publicRegistries, ...options.registries };
    const inMemory = { ...job, inputs: new Map() };
    const made = await gatewaySettingsOf(inMemory, folders, secrets, meterFile, undefined, available);
    const settings = { ...made, inputs, spec: { ...made.spec, inputs: Object.keys(inputs) } };
    let counting = Promise.resolve();
    let counted = true;
    const result = Promise.withResolvers<void>();
    const onMessage = (message: GatewayMessage): void => {
      log.add(message);
      if (message.type === 'artifact' && message.name === artifactNames.result) result.resolve();
      // Stored continuously, so that the cost is known even if this task is killed.
      if (message.type !== 'event' || message.event.type !== 'cost' || !counted) return;
      // One write at a time; the next one has all calls up to then.
      counted = false;
      counting = counting.then(async () => {
        counted = true;
        await store.putCalls(phaseKey, readMeter(meterFile)).catch(() => undefined);
      });
    };
    const network = options.proxy ? behindProxy(systemNetwork, options.proxy) : systemNetwork;
    const archives = options.archives && { store: options.archives, checksums: await lockedArchives(job) };
    const inbox = new Inbox();
    const asked = { ...settings, ticket: options.ticket };
    const server = await createGateway(asked, onMessage, network, archives, gatewayLimits, inbox);
    server.listen({ ...options.listen, backlog });
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address) options.onListening?.(address.port);
    const deaf = order.spec.agent === null ? () => undefined : hear(store, phaseKey, inbox);
    failure = await endOf(result.promise, signal, order.spec.limits.timeoutMs + graceMs);
    deaf();
    await closed(server);
    await counting;
    const files = await leftFiles(folders.artifacts);
    const left = new Map<string, Uint8Array | string>([...files, [artifactNames.events, log.events]]);
    const reason = typeof signal.reason === 'string' ? signal.reason : 'no reason given';
    const ended = {
      enforcer: fargateEnforcer,
      ...defined({ failure }),
      lost: { name: 'SandboxLost', message: `The sandbox ended without a result: ${reason}` },
    };
    const resultFile = files.get(artifactNames.result);
    const bytes = resultFile === undefined ? undefined : await readFile(resultFile);
    const verdict = judge({ ended, reported: log.failures[0], bytes, phaseKey });
    const end: LeftPhase = {
      phaseKey,
      ...verdict,
      calls: readMeter(meterFile),
      refusals: log.refusals,
      traffic: log.traffic,
      artifacts: left,
      enforcer: fargateEnforcer,
      ...defined({ agentFiles }),
      ms: Math.round(performance.now() - start),
    };
    await store.putEnd(end);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Looks for what people say to the agent. @returns Ends it. */
function hear(store: Pick<PhaseStore, 'remarks'>, phaseKey: string, inbox: Inbox): () => void {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    // What cannot be read now is read the next time, and later prompts have it anyway.
    inbox.put(await store.remarks(phaseKey).catch(() => []));
    looking = false;
  };
  const timer = setInterval(() => void look(), hearMs);
  return () => clearInterval(timer);
}

/** Inputs go to files, which the gateway serves: a change and an agent's files may be large. */
async function fetchInputs(
  order: StoredOrder,
  store: Pick<PhaseStore, 'input'>,
  folder: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [number, name] of order.spec.inputs.entries()) {
    const stream = await store.input(order, name);
    if (stream === undefined) continue;
    // An input's name is never part of a path.
    const file = join(folder, String(number));
    await pipeline(stream, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    files[name] = file;
  }
}

/** Digest of the profile's files. @throws AgentUnavailable if they are not those of the order. */
async function checkedAgentFiles(order: StoredOrder, file: string | undefined): Promise<string | undefined> {
  const digest = file === undefined ? undefined : await sha256Of(file, 'hex');
  const { agentFilesDigest } = order;
  if (agentFilesDigest === undefined || digest === agentFilesDigest) return digest;
  throw new DrydockError('AgentUnavailable', `The bucket has ${digest ?? 'no files'} in place of ${agentFilesDigest}.`);
}

/** The checksums of package archives in the base's lock files, which the sandbox cannot change. */
async function lockedArchives({ baseRepository, spec }: PhaseJob): Promise<Archives['checksums']> {
  const files = new Map<string, string>();
  for (const name of lockFiles(spec.sandbox.roots ?? ['.'])) {
    const args = ['cat-file', 'blob', `${spec.base}:${name}`];
    const found = await git(args, { cwd: baseRepository, allow: [128] });
    if (found.code === 0) files.set(name, found.stdout.toString());
  }
  return lockedChecksums(files);
}

/**
 * The failure that ended the phase from outside; `undefined` if the sandbox ended by itself, with or without a result.
 */
async function endOf(result: Promise<void>, signal: AbortSignal, limitMs: number): Promise<Failure | undefined> {
  const timedOut = {
    name: 'PhaseTimedOut',
    message: `the phase did not end within ${graceMs / 1000} s after its time limit`,
  };
  const limit = Promise.withResolvers<Failure>();
  const timer = setTimeout(() => limit.resolve(timedOut), Math.min(limitMs, 2 ** 31 - 1));
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => stopped.resolve(undefined);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return (await Promise.race([result, stopped.promise, limit.promise])) ?? undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Lets responses in progress finish, including the one for the result, before it closes connections. */
async function closed(server: Server): Promise<void> {
  const done = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), 2_000);
  await done;
  clearTimeout(timer);
}
