/** The program inside the sandbox: does one phase, puts its artifacts, ends. It knows the gateway and nothing else. */
import { createInterface } from 'node:readline';
import { bootConfig } from '../boot.ts';
import { artifactNames } from '../layout.ts';
import { gatewayClient } from './gateway-client.ts';
import { startRelay } from './relay.ts';
import { runPhase } from './run-phase.ts';

process.umask(0o022);
const lines = createInterface({ input: process.stdin });
// The launcher holds stdin open: its end means that nobody waits for this phase any more.
lines.once('close', () => process.exit(1));
lines.once('line', (line) => void main(line));
// The launcher puts this process into its control group before it sends the configuration.
process.stdout.write('ready\n');

async function main(line: string): Promise<void> {
  try {
    const boot = bootConfig.parse(JSON.parse(line));
    const relay = await startRelay(boot.relayPort, boot.gatewaySocket, [boot.agentSecret]);
    const gateway = gatewayClient(boot.gatewaySocket, boot.runnerSecret);
    const result = await runPhase(boot, gateway, `http://127.0.0.1:${relay.port}`);
    await gateway.flush();
    // Last: a phase with a result is a phase that has put everything else.
    await gateway.put(artifactNames.result, Buffer.from(JSON.stringify(result)));
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
