/** The program inside the sandbox: does one phase, puts its artifacts, ends. It knows the gateway and nothing else. */
import { createInterface } from 'node:readline';
import { bootConfig } from '../sandbox/boot.ts';
import { runBoot } from '../sandbox/runner/run-boot.ts';

process.umask(0o022);
const lines = createInterface({ input: process.stdin });
// The launcher holds stdin open: its end means that nobody waits for this phase any more.
lines.once('close', () => process.exit(1));
lines.once('line', (line) => void main(line));
// The launcher puts this process into its control group before it sends the configuration.
process.stdout.write('ready\n');

async function main(line: string): Promise<void> {
  try {
    await runBoot(bootConfig.parse(JSON.parse(line)));
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
