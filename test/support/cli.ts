import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compileCache } from './child-env.ts';
import type { World } from './world.ts';

const program = join(import.meta.dirname, '../../bin/drydock.ts');

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one JSON document on standard output. */
  json: Record<string, unknown>;
}

const environment = (world: World): NodeJS.ProcessEnv => {
  const home = join(world.folder, 'home');
  mkdirSync(home, { recursive: true });
  return {
    ...compileCache,
    PATH: process.env.PATH,
    HOME: home,
    LANG: 'C.UTF-8',
    ...(world as { env?: Record<string, string> }).env,
  };
};

/** Runs the real command line in an empty HOME, without a git identity, in the world's folder. */
export const cli = (world: World, ...args: string[]): Said => cliIn(world, world.folder, ...args);

/** The same in another folder. */
export function cliIn(world: World, folder: string, ...args: string[]): Said {
  const done = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env: environment(world),
    encoding: 'utf8',
    // Ends a command that hangs; a slow one is no fault.
    timeout: 300_000,
  });
  return said(done.status, done.stdout, done.stderr);
}

/** The same as a process that a test can end; what it says in the end is in `said`. */
export const cliProcess = (world: World, ...args: string[]) => processIn(world, world.folder, ...args);

function processIn(world: World, folder: string, ...args: string[]): { child: ChildProcess; said: Promise<Said> } {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: environment(world),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { child, said: listen(child).said };
}

/** The same, while something else goes on. */
export const cliAsync = (world: World, ...args: string[]): Promise<Said> => cliProcess(world, ...args).said;

/** The same in another folder. */
export const cliAsyncIn = (world: World, folder: string, ...args: string[]): Promise<Said> =>
  processIn(world, folder, ...args).said;

/** What a process says until it ends, and what it has said so far on standard error. */
export function listen(child: ChildProcess): { said: Promise<Said>; stderr(): string } {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return {
    said: new Promise((resolve) => child.on('close', (code) => resolve(said(code, stdout, stderr)))),
    stderr: () => stderr,
  };
}

function said(code: number | null, stdout: string, stderr: string): Said {
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(stdout) as Record<string, unknown>;
  } catch {
    // not asked for, or nothing said: the test will tell
  }
  return { code, stdout, stderr, json };
}
