import { DrydockError } from '../../core/errors.ts';
import type { Owner, OwnerOptions } from './compose.ts';
import { connectOwner, isOwned, type OwnerClient } from './control-client.ts';
import { type ControlServer, serveControl } from './control-server.ts';
import { claimSocketFolder, controlSocket } from './data-folder.ts';

/** A way to the service: as the owner of the data folder, or through whoever owns it. */
export interface Session extends OwnerClient {
  /** Present when this process is the owner. */
  owner?: Owner;
  control?: ControlServer;
  /** Resolves when no other command watches a run through this owner any more. */
  linger?(): Promise<void>;
  close(): Promise<void>;
}

/** An owner that just died or is just starting holds the journal for a moment without a socket. */
const settleMs = 100;
const settleAttempts = 100;

/**
 * Becomes the owner of the data folder, or connects to the one there is. One process holds the journal at a time, so
 * either works, and never both (DESIGN, Data).
 * @throws DataFolderBusy when neither works for ten seconds.
 */
export async function openSession(options: OwnerOptions): Promise<Session> {
  const socket = controlSocket(options.dataDir);
  claimSocketFolder(socket);
  for (let attempt = 0; attempt < settleAttempts; attempt++) {
    if (await isOwned(socket)) return { ...connectOwner(socket), close: async () => undefined };
    // Only an owner needs engine, stores and sandbox, and loading them takes a while.
    const { openOwner } = await import('./compose.ts');
    const owner = await openOwner(options).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'EngineBusy') return undefined;
      throw error;
    });
    if (owner) {
      const control = await serveControl(owner, socket);
      return {
        service: owner.service,
        watch: owner.watch,
        owner,
        control,
        async linger() {
          while (control.watchers() > 0) await new Promise((resolve) => setTimeout(resolve, settleMs));
        },
        async close() {
          await control.close();
          await owner.close();
        },
      };
    }
    await new Promise((resolve) => setTimeout(resolve, settleMs));
  }
  throw new DrydockError('DataFolderBusy', `${options.dataDir} is held by a process that does not answer.`);
}
