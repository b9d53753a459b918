import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { DrydockError } from '../../../core/errors.ts';
import { defaultGatewayMb } from '../../../core/policy/sandbox.ts';
import type { Remark } from '../../../core/remark/remark.ts';
import { LineSplitter } from '../../../core/text/lines.ts';
import type { ContainedGatewayConfig, GatewayConfig } from '../../../gateway/config.ts';
import { type GatewayMessage, maxMessageBytes, readMessage } from '../../../gateway/messages.ts';
import type { Failure } from '../../../gateway/phase/verdict.ts';
import { isRoot } from './isolation/unprivileged.ts';
import { youngGeneration } from './programs.ts';

/** Environment variables that the gateway needs to reach registries and models. They include no keys. */
const passedVariables = [
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

/** Time for the gateway to hand over its messages after it was remarks to stop. */
const stopMs = 10_000;

const lost: Failure = { name: 'SandboxLost', message: 'the gateway ended before the sandbox' };
export const outOfMemory: Failure = { name: 'GatewayOutOfMemory', message: 'the gateway reached its limit of memory' };

/** V8 aborts at the limit of its heap; the engine's command line ends with the code of the container. */
const wasAborted = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  code === 134 || signal === 'SIGABRT';

/** The heap; the bodies of requests are beside it. */
export const heapOption = (memoryMb: number): string => `--max-old-space-size=${Math.floor(memoryMb / 2)}`;

export interface GatewayProcess {
  /**
   * Resolves when it listens and the sandbox may connect; with its address if it is a container.
   * @throws SandboxLost if it ends before that.
   */
  readonly ready: Promise<string | undefined>;
  /** Resolves when the process has ended, with the failure of a phase that still needs it. */
  readonly ended: Promise<Failure>;
  /** Hands over all that people said in the run so far. */
  tell(remarks: readonly Remark[]): void;
  /** Stops the process and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts the gateway as a child process.
 * @param userId User of the sandbox, who alone may connect.
 */
export function startGateway(
  program: string,
  configured: Promise<GatewayConfig>,
  userId: number,
  onMessage: (message: GatewayMessage) => void,
  memoryMb = defaultGatewayMb,
): GatewayProcess {
  const env = Object.fromEntries(
    passedVariables.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(process.execPath, [heapOption(memoryMb), youngGeneration, program], {
    env: { ...env, NODE_USE_ENV_PROXY: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  return followGateway(child, configured, onMessage, kill, async () => {
    const { socket } = await configured;
    if (isRoot()) chownSync(socket, userId, userId);
    chmodSync(socket, 0o600);
  });
}

/**
 * Follows a gateway that was started. It gets its configuration over stdin only, as soon as that exists; if it never does,
 * the gateway ends.
 *
 * What it prints was caused by a sandbox, so nothing here throws because of it: a line that is not a message, or whose
 * handling fails, ends this phase with SandboxLost. The beginning of a line that the gateway's end cut off is dropped.
 * @param opened Called when it listens.
 */
export function followGateway(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  configured: Promise<GatewayConfig | ContainedGatewayConfig>,
  onMessage: (message: GatewayMessage) => void,
  kill: () => void,
  opened: () => Promise<void>,
): GatewayProcess {
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2_000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Failure>((resolve) => {
    child.once('error', () => resolve(lost));
    child.once('close', (code, signal) => resolve(wasAborted(code, signal) ? outOfMemory : lost));
  });
  const listening = new Promise<string | undefined>((resolve, reject) => {
    const lines = new LineSplitter(maxMessageBytes);
    let broken = false;
    const lose = (message: string): void => {
      broken = true;
      kill();
      onMessage({ type: 'failure', name: 'SandboxLost', message });
    };
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) {
        if (broken) return;
        const message = line && readMessage(line);
        if (message?.type === 'ready') resolve(message.host);
        else if (message === undefined) lose('the gateway printed a line that is not one of its messages');
        else {
          try {
            onMessage(message);
          } catch (error) {
            lose(`a message of the gateway could not be handled: ${error instanceof Error ? error.message : error}`);
          }
        }
      }
    });
    void ended.then(() => reject(new DrydockError('SandboxLost', `the gateway did not start: ${output.trim()}`)));
    configured.then(
      (config) => child.stdin.write(`${JSON.stringify(config)}\n`),
      () => child.stdin.end(),
    );
  });
  const ready = listening.then(async (host) => {
    await opened();
    return host;
  });
  // Callers get the error when they await `ready`; the end of the gateway ends the sandbox.
  ready.catch(kill);
  return {
    ready,
    ended,
    tell(remarks) {
      const write = (): void => void (child.stdin.writable && child.stdin.write(`${JSON.stringify(remarks)}\n`));
      // The first line is the configuration.
      configured.then(write, () => undefined);
    },
    async stop() {
      child.stdin.end();
      const timer = setTimeout(kill, stopMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
