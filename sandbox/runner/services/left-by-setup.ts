import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandEnvironment } from '../commands/environment.ts';
import { shellScript } from '../commands/inner.ts';
import { spawnInner } from '../commands/spawn-inner.ts';
import { Tail } from '../commands/tail.ts';
import { mustPassAs, type Phase, step } from '../phase.ts';
import { freshFolders } from '../workspace/folders.ts';
import { readLeft } from '../workspace/outputs.ts';
import type { Running } from './running.ts';
import { follow, stopService } from './services.ts';

const serviceName = 'setup command';
/** Time for the servers to listen again. */
const readyMs = 60_000;
const pauseMs = 50;
/** Size of the kernel's tables that is read, in bytes; the rest is not looked at. */
const maxTables = 1024 * 1024;
/** Ports that a message names. */
const maxNamed = 10;
const tables = ['/proc/net/tcp', '/proc/net/tcp6'];
const left = { listening: 'listening', code: 'code' };

/** Runs a command and writes what listens after it, before the end of this shell ends all that the command started. */
const andWhatListens = `"$0" -c "$1"; code=$?; cat ${tables.join(' ')} > "$2" 2> /dev/null; exit $code`;
/** Runs a command and lives on, so that what the command started does too. */
const andStays = `"$0" -c "$1"; echo $? > "$2"; exec sleep infinity`;

/**
 * Runs the setup command. A server that it leaves in the background ended with it, as everything does that a command started.
 * The command is therefore run again as a service, beside the steps that follow: it sees the work tree and cannot write to
 * it. If the servers are not there again, the phase goes on, and a test that fails names them.
 * @throws InstallFailed if the command fails the first time.
 */
export async function setUp(phase: Phase, command: string): Promise<void> {
  await stopService(phase, serviceName);
  const env = commandEnvironment(phase);
  const { paths } = phase.boot;
  await mustPassAs(
    phase,
    {
      name: 'setup',
      command,
      argv: [shellScript, '-c', andWhatListens, shellScript, command, join(paths.out, left.listening)],
    },
    env,
    'InstallFailed',
  );
  const during = listening((await readLeft(join(phase.folders.out, left.listening), maxTables)) ?? '');
  const now = listensHere();
  const ports = [...during].filter((port) => !now.has(port));
  if (ports.length === 0) return;
  const named = ports.slice(0, maxNamed).map((port) => `127.0.0.1:${port}`);
  const servers = `what setup_command left listening on ${named.join(', ')} ended with it`;
  const remedy = 'Name it in `sandbox.services`.';
  if (phase.boot.isolation !== 'bubblewrap') {
    phase.hints = [...phase.hints, `${servers}. ${remedy}`];
    return;
  }
  const fault = await step(
    phase,
    'setup again, as a service',
    () => again(phase, command, ports),
    (found) => found === undefined,
  );
  if (fault !== undefined)
    phase.hints = [
      ...phase.hints,
      `${servers}; run again beside the tests, with a work tree that it cannot write to, it ${fault}. ${remedy}`,
    ];
}

/** @returns what went wrong, for people; undefined when the ports accept connections again. */
async function again(phase: Phase, command: string, ports: readonly number[]): Promise<string | undefined> {
  phase.git.distrust();
  phase.started += 1;
  const folders = await freshFolders(phase.boot, phase.started, phase.relay, {});
  const argv = [shellScript, '-c', andStays, shellScript, command, join(phase.boot.paths.out, left.code)];
  const running: Running = { name: serviceName, command, tail: new Tail(), start: performance.now(), ended: undefined };
  phase.services.push(running);
  follow(running, spawnInner(phase.boot, folders, { argv, env: commandEnvironment(phase) }, true));
  const until = Math.min(performance.now() + readyMs, phase.deadline);
  for (;;) {
    const code = await readLeft(join(folders.out, left.code), 16);
    const now = listensHere();
    if (ports.every((port) => now.has(port))) return undefined;
    const ended = (running as { ended: Running['ended'] }).ended !== undefined;
    if (code !== undefined || ended) return `ended with ${code?.trim() ?? 'a signal'} and left no server`;
    if (performance.now() > until) return `did not listen within ${readyMs / 1_000} s`;
    await sleep(pauseMs);
  }
}

const listensHere = (): ReadonlySet<number> =>
  listening(
    tables
      .map((table) => {
        try {
          return readFileSync(table, 'utf8');
        } catch {
          return ''; // a kernel without IPv6
        }
      })
      .join('\n'),
  );

/** The TCP ports that listen, from rows as the kernel writes them: `0: 0100007F:15DF 00000000:0000 0A …`. */
function listening(rows: string): ReadonlySet<number> {
  const found = [...rows.matchAll(/^ *\d{1,6}: [0-9A-F]{8,32}:([0-9A-F]{4}) [0-9A-F]{8,32}:0000 0A /gm)];
  return new Set(found.map(([, port]) => Number.parseInt(port ?? '0', 16)));
}
