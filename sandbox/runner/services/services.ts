import { setTimeout as sleep } from 'node:timers/promises';
import { DrydockError } from '../../../core/errors.ts';
import type { ServiceLog, ServiceSpec } from '../../../core/run/phase.ts';
import { refuseCommandServices } from '../../../core/services/forms.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { shellScript } from '../commands/inner.ts';
import { type Inner, spawnInner } from '../commands/spawn-inner.ts';
import { Tail } from '../commands/tail.ts';
import { type Phase, step } from '../phase.ts';
import { freshFolders } from '../workspace/folders.ts';
import { isReady } from './ready.ts';
import type { Running } from './running.ts';

/** Time for a service to become ready. */
const readyMs = 120_000;
const pauseMs = 50;

/**
 * Starts the services of the spec, one after another in their order, and waits until each is ready. One that is an image
 * has been started as a container beside this one, in its network. A command sees the work tree and cannot write to it: it
 * runs beside the steps that record and compare the tree.
 * @throws ServiceFailed if one ends, or is not ready in time; NotBuiltYet for a command in a container.
 */
export async function startServices(phase: Phase): Promise<void> {
  const { services = {} } = phase.spec.sandbox;
  if (phase.boot.isolation === 'container') refuseCommandServices(services);
  for (const [name, service] of Object.entries(services)) {
    await step(phase, `service ${name}`, () => start(phase, name, service));
  }
}

async function start(phase: Phase, name: string, service: ServiceSpec): Promise<void> {
  phase.git.distrust();
  phase.started += 1;
  const folders = await freshFolders(phase.boot, phase.started, phase.relay, {});
  const env = { ...commandEnvironment(phase), ...service.env };
  const running: Running = {
    name,
    command: service.command ?? service.image ?? '',
    tail: new Tail(),
    start: performance.now(),
    ended: undefined,
  };
  phase.services.push(running);
  if (service.command !== undefined)
    follow(running, spawnInner(phase.boot, folders, { argv: [shellScript, '-c', service.command], env }, true));
  const until = Math.min(performance.now() + readyMs, phase.deadline);
  for (;;) {
    // Read anew each time: it is set by the listeners of its process.
    const { ended } = running as { ended: Running['ended'] };
    if (ended !== undefined) throw failed(phase, running, `ended with ${ended.code ?? 'a signal'} before it was ready`);
    if (await isReady(phase, name, service, { folders, env })) return;
    if (performance.now() > until) throw failed(phase, running, `was not ready within ${readyMs / 1_000} s`);
    await sleep(pauseMs);
  }
}

const failed = ({ boot }: Phase, { name, command, tail }: Running, what: string): DrydockError => {
  const log = tail.text([boot.runnerSecret, boot.agentSecret]).slice(-2_000);
  return new DrydockError('ServiceFailed', `the service ${name} ${what}: ${command}\n${log}`.trim());
};

/** Keeps what a service prints, and notes that it has ended. */
export function follow(running: Running, inner: Inner): void {
  running.inner = inner;
  inner.child.stdin.end();
  for (const stream of [inner.child.stdout, inner.child.stderr])
    stream.on('data', (chunk: Buffer) => running.tail.push(chunk));
  inner.child.once('error', () => {
    running.ended ??= { code: null };
  });
  inner.child.once('exit', (code) => {
    running.ended ??= { code };
  });
}

/** Ends all services that the runner started. @returns what they printed, as evidence. */
export async function stopServices(phase: Phase): Promise<ServiceLog[]> {
  const logs: ServiceLog[] = [];
  for (const running of phase.services.splice(0).reverse()) logs.unshift(await stopped(phase, running));
  return logs;
}

/** Ends the service of this name, if it runs, before it is started anew. */
export async function stopService(phase: Phase, name: string): Promise<void> {
  const at = phase.services.findIndex((running) => running.name === name);
  for (const running of at < 0 ? [] : phase.services.splice(at, 1)) await stopped(phase, running);
}

async function stopped({ boot }: Phase, { name, command, inner, tail, start, ended }: Running): Promise<ServiceLog> {
  if (inner !== undefined) await end(inner, ended !== undefined);
  return {
    name,
    command,
    exitCode: ended === undefined ? null : ended.code,
    ms: Math.round(performance.now() - start),
    output: tail.text([boot.runnerSecret, boot.agentSecret]),
  };
}

async function end(inner: Inner, ended: boolean): Promise<void> {
  inner.kill();
  await new Promise<void>((resolve) => {
    if (ended || inner.child.exitCode !== null || inner.child.signalCode !== null) resolve();
    else inner.child.once('exit', () => resolve());
  });
  await inner.gone();
}
