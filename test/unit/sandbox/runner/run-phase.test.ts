import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { BootConfig } from '../../../../sandbox/boot.ts';
import type { GatewayClient } from '../../../../sandbox/runner/link/gateway-client.ts';
import { runPhase } from '../../../../sandbox/runner/run-phase.ts';
import { makeJob } from '../../../machine/contract/phase-fixtures.ts';

test('the clone does not wait for the authority of the phase, which takes the gateway time', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'phase-'));
  let asked: () => void = () => undefined;
  const cloning = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const relay = createServer((_request, response) => {
    asked();
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { spec } = makeJob({
    root,
    dataDir: root,
    baseRepository: root,
    base: 'a'.repeat(40),
    agentFiles: root,
    remove() {},
  });
  const gateway: GatewayClient = {
    async get(name) {
      if (name === '/phase') return Buffer.from(JSON.stringify(spec));
      // Only an authority that is made after the clone has begun: whoever waited for it would wait for ever.
      await cloning;
      return Buffer.from(JSON.stringify({ authority: '', privateModules: [] }));
    },
    stream: () => Promise.reject(new Error('nothing is streamed')),
    put: async () => undefined,
    direct: async () => undefined,
    emit: () => undefined,
    flush: async () => undefined,
  };
  const at = (name: string): string => path.join(root, name);
  const paths = Object.fromEntries(
    ['workspace', 'home', 'out', 'tmp', 'deps', 'runner', 'tools'].map((name) => {
      mkdirSync(at(name));
      return [name, at(name)];
    }),
  ) as Record<Exclude<keyof BootConfig['paths'], 'agent'>, string>;
  const boot: BootConfig = {
    runnerSecret: 'r'.repeat(32),
    agentSecret: 'a'.repeat(32),
    gateway: { path: at('socket') },
    relayPort: 0,
    isolation: 'none',
    paths: { ...paths, agent: null },
    ...{ system: [], links: [], toolPaths: [], registries: [], notes: {} },
    ...{ sharedMemoryMb: 64, onlyUnpacks: false, keepInstall: false },
  };
  try {
    const result = await runPhase(boot, gateway, `http://127.0.0.1:${(relay.address() as AddressInfo).port}`);
    expect(result.outcome).toBe('failed');
    expect(result.timings).toHaveProperty('clone');
  } finally {
    relay.close();
    rmSync(root, { recursive: true });
  }
});
