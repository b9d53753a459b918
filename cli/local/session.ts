import { DrydockError } from '../../core/errors.ts';
import type { ServerProcess, ServerProcessOptions } from './compose.ts';
import { connectServer, isServed, type ServerClient } from './control-client.ts';
import { type ControlServer, serveControl } from './control-server.ts';
import { claimSocketFolder, controlSocket } from './data-folder.ts';

/** A way to the service: as the server process of the data folder, or through whoever owns it. */
export interface Session extends ServerClient {
  /** Present when this process is the server process. */
  server?: ServerProcess;
  control?: ControlServer;
  /** Resolves when no other command watches a run through this server process any more. */
  linger?(): Promise<void>;
  close(): Promise<void>;
}

/** An owner that just died or is just starting holds the journal for a moment without a socket. */
const settleMs = 100;
const endAttempts = 100;

/**
 * Becomes the server process of the data folder, or connects to the one there is. One process holds the journal at a time, so
 * either works, and never both (DESIGN, Data).
 * @throws DataFolderBusy when neither works for ten seconds.
 */
export async function openSession(options: ServerProcessOptions): Promise<Session> {
  const socket = controlSocket(options.dataDir);
  claimSocketFolder(socket);
  for (let attempt = 0; attempt < endAttempts; attempt++) {
    if (await isServed(socket)) return { ...connectServer(socket), close: async () => undefined };
    // Only a server process needs engine, stores and sandbox, and loading them takes a while.
    const { openServerProcess } = await import('./compose.ts');
    const server = await openServerProcess(options).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'EngineBusy') return undefined;
      throw error;
    });
    if (server) {
      const control = await serveControl(server, socket);
      return {
        service: server.service,
        watch: server.watch,
        server,
        control,
        async linger() {
          while (control.watchers() > 0) await new Promise((resolve) => setTimeout(resolve, settleMs));
        },
        async close() {
          await control.close();
          await server.close();
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, settleMs));
  }
  throw new DrydockError('DataFolderBusy', `${options.dataDir} is held by a process that does not answer.`);
}
