/** The program inside the sandbox: runs one phase and uploads its artifacts. It can reach only the gateway. */
import { createInterface } from 'node:readline';
import { bootConfig } from '../sandbox/boot.ts';
import { closeInherited } from '../sandbox/inherited.ts';
import { runBoot } from '../sandbox/runner/run-boot.ts';

process.umask(0o022);
closeInherited();
const lines = createInterface({ input: process.stdin });
// The launcher keeps stdin open; its end means that the launcher no longer waits for this phase.
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
