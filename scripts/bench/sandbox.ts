import { type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import {
  innerMounts,
  outerArguments,
  systemLinks,
  systemMounts,
} from '../../adapters/local/sandbox/isolation/bubblewrap.ts';
import { seccompFilter } from '../../adapters/local/sandbox/isolation/seccomp.ts';
import { unprivileged } from '../../adapters/local/sandbox/isolation/unprivileged.ts';
import { makePhaseFolder } from '../../adapters/local/sandbox/phase-folder.ts';
import { layout } from '../../sandbox/layout.ts';
import { innerArguments } from '../../sandbox/runner/commands/layer.ts';
import { median, round } from './statistics.ts';

const pairs = 41;

export interface SandboxFigures {
  /** A program that does nothing, run bare. */
  bareMs: number;
  /** The same inside both layers. */
  sealedMs: number;
  /** Median of the differences within each pair. */
  overBareMs: number;
  pairs: number;
}

/** What the two layers of bubblewrap add to the start and end of a process, in pairs, each pair in the other order. */
async function benchSandbox(): Promise<SandboxFigures> {
  const folder = makePhaseFolder();
  try {
    await writeFile(folder.runnerProgram, '');
    await chmod(folder.runnerProgram, 0o644);
    const filterFile = `${folder.host}/filter`;
    await writeFile(filterFile, seccompFilter(process.arch === 'arm64' ? 'arm64' : 'x64'));
    await mkdir(folder.tools, { recursive: true });
    const system = systemMounts(folder.etc);
    const links = systemLinks();
    const outer = outerArguments({ folder, system, links, hasAgentFiles: false, sharedMemoryMb: 1024 });
    const inner = innerArguments(
      {
        paths: { ...layout, agent: null },
        system: innerMounts(system),
        links,
        sharedMemoryMb: 1024,
      },
      layout,
      {},
      false,
    );
    inner[inner.indexOf('--info-fd') + 1] = '1'; // the outer layer passes the three standard streams on, and no others
    const sealed = ['bwrap', ...outer.slice(0, outer.lastIndexOf('--') + 1), 'bwrap', ...inner, '--', '/usr/bin/true'];
    const options: SpawnOptions = { ...unprivileged(folder.userId), cwd: '/', env: { PATH: process.env.PATH } };
    await time(sealed, options, filterFile);
    const taken: { bare: number; sealed: number }[] = [];
    for (let i = 0; i < pairs; i++) {
      const first = i % 2 === 0 ? await time(['/usr/bin/true'], options, filterFile) : undefined;
      const inside = await time(sealed, options, filterFile);
      taken.push({ bare: first ?? (await time(['/usr/bin/true'], options, filterFile)), sealed: inside });
    }
    return {
      bareMs: round(median(taken.map(({ bare }) => bare)), 1),
      sealedMs: round(median(taken.map(({ sealed }) => sealed)), 1),
      overBareMs: round(median(taken.map(({ bare, sealed }) => sealed - bare)), 1),
      pairs,
    };
  } finally {
    await folder.remove();
  }
}

function time(argv: readonly string[], options: SpawnOptions, filterFile: string): Promise<number> {
  const start = performance.now();
  // Opened for each start, because the programs that read it share its position.
  const filter = openSync(filterFile, 'r');
  const child = spawn(argv[0] ?? 'false', argv.slice(1), { ...options, stdio: ['ignore', 'ignore', 'pipe', filter] });
  closeSync(filter);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(performance.now() - start) : reject(new Error(`the sandbox ended with ${code}: ${said}`)),
    );
  });
}

if (import.meta.main) console.log(JSON.stringify(await benchSandbox()));
