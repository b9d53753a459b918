import { connect } from 'node:net';
import type { ServiceSpec } from '../../../core/run/phase.ts';
import { shellScript } from '../commands/inner.ts';
import { spawnInner } from '../commands/spawn-inner.ts';
import { alteredBy, type Phase, refuseAltered } from '../phase.ts';
import type { Folders } from '../workspace/folders.ts';

/** Time for a service to close the connection that looked whether it is there. */
const goodbyeMs = 500;

/** Whether the command of a service says that it is ready, or its port accepts a connection. */
export async function isReady(
  phase: Phase,
  name: string,
  { port, ready }: ServiceSpec,
  { folders, env }: { folders: Folders; env: Record<string, string> },
): Promise<boolean> {
  if (ready === undefined) return accepts(port);
  const { child, gone } = spawnInner(phase.boot, folders, { argv: [shellScript, '-c', ready], env }, true);
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  await gone();
  if (code !== 0) return false;
  // In a container it can write to the tree.
  if (phase.boot.isolation === 'container')
    refuseAltered(`the command that asks whether ${name} is ready`, { altered: await alteredBy(phase) });
  return true;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
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
