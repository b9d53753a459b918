import { DrydockError } from '../../core/errors.ts';
import type { ServerProcess, ServerProcessOptions } from './compose.ts';
import { connectServer, isServed, type ServerClient } from './control-client.ts';
import type { ControlServer } from './control-server.ts';
import { claimSocketFolder, controlSocket } from './data-folder.ts';

/** Access to the service: this process is the server process of the data folder, or is connected to it. */
export interface Session extends ServerClient {
  /** Present when this process is the server process. */
  server?: ServerProcess;
  control?: ControlServer;
  /** Resolves when no other command watches a run through this server process; says so if it has to wait. */
  linger?(say: (line: string) => void): Promise<void>;
  close(): Promise<void>;
}

const lingering =
  'Other commands follow runs through this process, so it goes on until they end. Ctrl-C ends it now; every run is kept.';

/** A server process that is starting or ending holds the journal for a moment without a socket. */
const pollMs = 100;
const maxAttempts = 100;

/**
 * Becomes the server process of the data folder, or connects to the existing one. Only one process can lock the
 * journal, so exactly one of both works.
 * @throws DataFolderBusy when neither works for ten seconds.
 */
export async function openSession(options: ServerProcessOptions): Promise<Session> {
  const socket = controlSocket(options.dataDir);
  claimSocketFolder(socket);
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    if (await isServed(socket)) return { ...connectServer(socket), close: async () => undefined };
    // Loaded here, because only a server process needs engine, stores and sandbox, and loading them is slow.
    const { openServerProcess } = await import('./compose.ts');
    const server = await openServerProcess(options).catch((error: unknown) => {
      // The journal is held, or an ending process has released it and not the stores yet.
      if (error instanceof Error && ['EngineBusy', 'DataFolderBusy'].includes(error.name)) return undefined;
      throw error;
    });
    if (server) {
      const { serveControl } = await import('./control-server.ts');
      const control = await serveControl(server, socket);
      return {
        service: server.service,
        watch: server.watch,
        pages: async () => server.pages(),
        server,
        control,
        async linger(say) {
          if (control.watchers() > 0) say(lingering);
          while (control.watchers() > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
        },
        async close() {
          await control.close();
          await server.close();
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new DrydockError('DataFolderBusy', `The server process of ${options.dataDir} does not answer.`);
}
