import type { GatewayConfig } from '../../../gateway/config.ts';

export const secrets = { runner: 'r'.repeat(64), agent: 'a'.repeat(64) };

const spec: GatewayConfig['spec'] = {
  phaseKey: 'run/build/1/1',
  runId: 'run',
  taskId: 'T-1',
  phase: 'build',
  base: '0'.repeat(40),
  inputs: [],
  prompt: '',
  agent: null,
  sandbox: { runtime: 'node:24', dependencies: [], env: {}, testCommand: 'true' },
  baseline: false,
  knownFailures: [],
  commands: [],
  limits: { timeoutMs: 1_000, cpu: 1, memoryMb: 64, pids: 10, diskMb: 10 },
};

export const configOf = (folder: string, changes: Partial<GatewayConfig> = {}): GatewayConfig => ({
  socket: `${folder}/gw.sock`,
  artifactsDir: folder,
  meterFile: `${folder}/meter.ndjson`,
  secrets,
  spec,
  inputs: {},
  baseRepository: `${folder}/base.git`,
  registries: {},
  hosts: [],
  private: [],
  rules: [],
  caps: { artifactBytes: 1_000, artifactTotalBytes: 1_500, registryBytes: 10_000 },
  ...changes,
});
