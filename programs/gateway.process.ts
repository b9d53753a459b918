/** The gateway of one phase, a program of its own: configuration in over stdin, facts out over stdout. */
import { createInterface } from 'node:readline';
import { gatewayConfig } from '../gateway/config.ts';
import { createGateway } from '../gateway/server.ts';

const lines = createInterface({ input: process.stdin });
// The launcher keeps stdin open as long as it lives: its end is the end of the gateway, however the launcher died.
lines.once('close', () => process.exit(0));
lines.once('line', (line) => void serve(line).catch(fail));

async function serve(line: string): Promise<void> {
  const config = gatewayConfig.parse(JSON.parse(line));
  const server = await createGateway(config, (message) => process.stdout.write(`${JSON.stringify(message)}\n`));
  server.once('error', fail);
  server.listen(config.socket, () => process.stdout.write(`${JSON.stringify({ type: 'ready' })}\n`));
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
