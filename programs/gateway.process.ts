/** The gateway of one phase as a child process: configuration on stdin, messages on stdout. */
import { createInterface } from 'node:readline';
import { gatewayConfig } from '../gateway/config.ts';
import { createGateway } from '../gateway/server.ts';

const lines = createInterface({ input: process.stdin });
// The launcher keeps stdin open while it lives, so the gateway ends with it, however the launcher ended.
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
