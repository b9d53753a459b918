import { once } from 'node:events';
import { LineSplitter } from '../../core/text/lines.ts';
import { commandEnvironment } from '../runner/commands/environment.ts';
import { spawnInner } from '../runner/commands/spawn-inner.ts';
import type { Phase } from '../runner/phase.ts';
import { freshFolders } from '../runner/workspace/folders.ts';
import { type Backend, jsonLines, maxMessage } from './connection.ts';

/** Characters of an error output that are shown at a time. */
const maxLog = 7_000;

/**
 * A server that is a program of the sandbox. It runs in a layer of its own, which sees the work tree as the agent's does, and
 * has neither the agent's key nor its processes.
 */
export async function commandServer(phase: Phase, name: string, argv: readonly string[]): Promise<Backend> {
  const { boot, relay } = phase;
  phase.started += 1;
  // Without layers, the folders of the agent are all there are.
  const folders = boot.isolation === 'bubblewrap' ? await freshFolders(boot, phase.started, relay, {}) : phase.folders;
  const inner = spawnInner(boot, folders, { argv, env: commandEnvironment(phase) }, false);
  const { child } = inner;
  child.once('error', () => undefined); // its output has ended then
  child.stderr.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8').replaceAll(boot.agentSecret, '[redacted]');
    phase.gateway.emit({ type: 'log', source: `mcp ${name}`, text: text.slice(0, maxLog) });
  });
  return {
    async send(message) {
      if (child.stdin.destroyed || child.stdin.write(`${JSON.stringify(message)}\n`)) return;
      await Promise.race([once(child.stdin, 'drain'), once(child.stdin, 'close')]).catch(() => undefined);
    },
    messages: () => jsonLines(child.stdout, new LineSplitter(maxMessage)),
    async end() {
      inner.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit').catch(() => undefined);
      // In a container, this would end the agent too; what the server left ends with it.
      if (boot.isolation !== 'container') await inner.gone();
    },
  };
}
