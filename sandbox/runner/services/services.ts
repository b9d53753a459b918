import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DrydockError } from '../../../core/errors.ts';
import type { ServiceLog, ServiceSpec } from '../../../core/run/phase.ts';
import { commandEnvironment } from '../commands/environment.ts';
import { shellScript } from '../commands/inner.ts';
import { spawnInner } from '../commands/spawn-inner.ts';
import { Tail } from '../commands/tail.ts';
import { type Phase, step } from '../phase.ts';
import { freshFolders } from '../workspace/folders.ts';
import type { Running } from './running.ts';

/** Time for a service to become ready. */
const readyMs = 120_000;
const pauseMs = 50;
/** Time for a service to close the connection that looked whether it is there. */
const goodbyeMs = 500;

/**
 * Starts the services of the spec, one after another in their order, and waits until each is ready. A
 * service sees the work tree and cannot write to it: it runs beside the steps that record and compare the tree.
 * @throws ServiceFailed if one ends, or is not ready in time; NotBuiltYet for an image, and in a container.
 */
export async function startServices(phase: Phase): Promise<void> {
  for (const [name, service] of Object.entries(phase.spec.sandbox.services ?? {})) {
    const { command } = service;
    // No launcher starts a container for a service yet: it is refused, and not left out.
    if (command === undefined) {
      throw new DrydockError('NotBuiltYet', `the service ${name} is an image, which no sandbox starts yet`, {
        remedy: 'Give the service as a command, and run the task on a machine with bubblewrap.',
      });
    }
    await step(phase, `service ${name}`, () => start(phase, name, service, command));
  }
}

async function start(phase: Phase, name: string, service: ServiceSpec, command: string): Promise<void> {
  if (phase.boot.isolation === 'container') {
    throw new DrydockError('NotBuiltYet', `the service ${name} is a command, which cannot run in a container`, {
      remedy: 'Run the task on a machine with bubblewrap.',
    });
  }
  phase.git.distrust();
  phase.started += 1;
  const folders = await freshFolders(phase.boot, phase.started, phase.relay, {});
  const env = { ...commandEnvironment(phase), ...service.env };
  const inner = spawnInner(phase.boot, folders, { argv: [shellScript, '-c', command], env }, true);
  const running: Running = {
    name,
    command,
    inner,
    folders,
    env,
    tail: new Tail(),
    start: performance.now(),
    ended: undefined,
  };
  inner.child.stdin.end();
  const secrets = [phase.boot.runnerSecret, phase.boot.agentSecret];
  for (const stream of [inner.child.stdout, inner.child.stderr])
    stream.on('data', (chunk: Buffer) => running.tail.push(chunk));
  inner.child.once('error', () => {
    running.ended ??= { code: null };
  });
  inner.child.once('exit', (code) => {
    running.ended ??= { code };
  });
  phase.services.push(running);
  const until = Math.min(performance.now() + readyMs, phase.deadline);
  for (;;) {
    // Read anew each time: it is set by the listeners above.
    const { ended } = running as { ended: Running['ended'] };
    if (ended !== undefined)
      throw new DrydockError(
        'ServiceFailed',
        `the service ${name} ended with ${ended.code ?? 'a signal'} before it was ready: ${command}\n${running.tail.text(secrets).slice(-2_000)}`,
      );
    if (await isReady(phase, running, service)) return;
    if (performance.now() > until)
      throw new DrydockError(
        'ServiceFailed',
        `the service ${name} was not ready within ${readyMs / 1_000} s: ${command}\n${running.tail.text(secrets).slice(-2_000)}`,
      );
    await sleep(pauseMs);
  }
}

/** Whether its command says so, or its port accepts a connection. */
async function isReady(phase: Phase, { folders, env }: Running, { port, ready }: ServiceSpec): Promise<boolean> {
  if (ready !== undefined) {
    const { child, gone } = spawnInner(phase.boot, folders, { argv: [shellScript, '-c', ready], env }, true);
    child.stdin.end();
    child.stdout.resume();
    child.stderr.resume();
    const code = await new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('exit', resolve);
    });
    await gone();
    return code === 0;
  }
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let connected = false;
    // It says goodbye and reads what comes: a connection that is cut can end a simple server.
    socket.once('connect', () => {
      connected = true;
      socket
        .resume()
        .setTimeout(goodbyeMs, () => socket.destroy())
        .end();
    });
    socket.once('error', () => undefined);
    socket.once('close', () => resolve(connected));
  });
}

/** Ends all services. @returns what they printed, as evidence. */
export async function stopServices(phase: Phase): Promise<ServiceLog[]> {
  const logs: ServiceLog[] = [];
  for (const { name, command, inner, tail, start, ended } of phase.services.splice(0).reverse()) {
    const before = ended;
    inner.kill();
    await new Promise<void>((resolve) => {
      if (before !== undefined || inner.child.exitCode !== null || inner.child.signalCode !== null) resolve();
      else inner.child.once('exit', () => resolve());
    });
    await inner.gone();
    logs.unshift({
      name,
      command,
      exitCode: before === undefined ? null : before.code,
      ms: Math.round(performance.now() - start),
      output: tail.text([phase.boot.runnerSecret, phase.boot.agentSecret]),
    });
  }
  return logs;
}
