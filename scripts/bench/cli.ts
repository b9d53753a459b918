import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { medians } from './statistics.ts';

const rounds = 11;

export interface CommandLineFigures {
  /** Node that does nothing: no start of the command line can take less. */
  nodeMs: number;
  versionMs: number;
  helpMs: number;
  helpOfRunMs: number;
  /** Of an empty data folder; the embedded database starts for it. */
  listMs: number;
}

/** Start-up of the command line, from its sources, after one round that fills the compile cache. */
function benchCommandLine(): CommandLineFigures {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
  const program = resolve(import.meta.dirname, '../../bin/drydock.ts');
  const time = (...args: string[]): number => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, {
      env: { PATH: process.env.PATH, HOME: folder, DRYDOCK_DATA: join(folder, 'data') },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
    return performance.now() - start;
  };
  try {
    const taken = Array.from({ length: rounds + 1 }, () => ({
      nodeMs: time('-e', '0'),
      versionMs: time(program, '--version'),
      helpMs: time(program, '--help'),
      helpOfRunMs: time(program, 'help', 'run'),
      listMs: time(program, 'list', '--json'),
    }));
    return medians(taken.slice(1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(JSON.stringify(benchCommandLine()));
