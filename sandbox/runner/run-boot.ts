import type { BootConfig } from '../boot.ts';
import { artifactNames } from '../layout.ts';
import { gatewayClient } from './link/gateway-client.ts';
import { startRelay } from './link/relay.ts';
import { runPhase } from './run-phase.ts';

/** Runs one phase and uploads its artifacts. @throws Error if the gateway cannot be reached. */
export async function runBoot(boot: BootConfig): Promise<void> {
  const relay = await startRelay(boot.relayPort, boot.gateway, boot.agentSecret);
  const gateway = gatewayClient(boot.gateway, boot.runnerSecret);
  const result = await runPhase(boot, gateway, `http://127.0.0.1:${relay.port}`);
  await gateway.flush();
  // Last: a result implies that all other artifacts are uploaded.
  await gateway.put(artifactNames.result, Buffer.from(JSON.stringify(result)));
}
