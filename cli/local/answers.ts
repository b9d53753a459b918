import { connect } from 'node:net';

/** Milliseconds; what is on this machine or in a private network answers sooner. */
const patience = 2_000;

/**
 * Whether somebody listens at an `http://` address, which is on this machine or in a private network; other addresses may be
 * reached through a proxy only, and are not tried. @returns why nobody does.
 */
export async function whyNoAnswer(address: string | undefined): Promise<string | undefined> {
  if (!address?.startsWith('http://')) return undefined;
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), timeout: patience });
  try {
    return await new Promise<string | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('timeout', () => resolve('no answer'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    socket.destroy();
  }
}
