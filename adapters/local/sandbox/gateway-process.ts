import { spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DrydockError } from '../../../core/errors.ts';
import type { GatewayConfig, GatewayMessage } from '../../../gateway/config.ts';
import { gatewayProgram } from './programs.ts';

/** Variables of the owner the gateway needs to reach registries and models; the keys are not among them. */
const PASSED = [
  'PATH',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Where this process keeps compiled code, the gateway does too: it starts once per phase. */
function compileCache(): { NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir();
  // Node appends a folder for its own version.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

export interface GatewayProcess {
  /** Resolves when the program has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

/** Starts the gateway as a program of its own and waits until it listens. Its configuration goes over stdin only. */
export async function startGateway(
  packageRoot: string,
  config: GatewayConfig,
  onMessage: (message: GatewayMessage) => void,
): Promise<GatewayProcess> {
  const env = Object.fromEntries(
    PASSED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', gatewayProgram(packageRoot)], {
    env: { ...env, NODE_USE_ENV_PROXY: '1', ...compileCache() },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as GatewayMessage;
      if (message.type === 'ready') resolve();
      else onMessage(message);
    });
    void ended.then(() => reject(new DrydockError('SandboxLost', `the gateway did not start: ${said.trim()}`)));
    child.stdin.write(`${JSON.stringify(config)}\n`);
  });
  return {
    ended,
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
