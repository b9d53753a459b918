import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { packFolder } from '../../../common/tar.ts';
import { makeJob, makeWorld, runJob, type World } from '../../../test/machine/contract/phase-fixtures.ts';
import { median, round } from '../statistics.ts';
import { type Peaks, watchPeaks } from './peaks.ts';

const filesOfPackage = 10;
const bytesOfFile = 2_000;

export interface InstallFigures extends Peaks {
  packages: number;
  rounds: number;
  /** Plain `npm ci` on this machine, its cache filled by one before. */
  npmCiMs: number;
  /** The install of an earlier phase, unpacked in the sandbox. */
  cachedInstallMs: number;
  cachedInstallRatio: number;
  /** `npm ci` in the sandbox with the archives that earlier phases have kept: of a lock whose install may not be kept. */
  keptArchivesMs: number;
  keptArchivesRatio: number;
  /** The first phase, which downloads everything. */
  coldMs: number;
}

const run = promisify(execFile);

/** The install of a lock file in a phase, beside `npm ci` on the machine, in turns. */
async function benchInstall(packages: number): Promise<InstallFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-install-'));
  const registry = await startRegistry(packages);
  process.env.npm_config_registry = registry.url;
  const world = makeWorld({ ...registry.project });
  try {
    const plain = join(folder, 'project');
    mkdirSync(plain);
    for (const [name, content] of Object.entries(registry.project)) writeFileSync(join(plain, name), content);
    const npmCi = async (): Promise<number> => {
      rmSync(join(plain, 'node_modules'), { recursive: true, force: true });
      const start = performance.now();
      const npm = run('npm', ['ci', '--cache', join(folder, 'cache'), '--no-audit', '--no-fund'], { cwd: plain });
      // As a sandbox, which gives way to the server: where others work too, it is slower.
      if (npm.child.pid !== undefined) setPriority(npm.child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      await npm;
      return performance.now() - start;
    };
    await npmCi();
    const peaks = watchPeaks();
    const cold = await timingsOf(world);
    const rounds = packages > 400 ? 1 : 3;
    const taken = { npmCi: [] as number[], cached: [] as number[], kept: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      taken.npmCi.push(await npmCi());
      taken.cached.push((await timingsOf(world))['install from cache'] ?? Number.NaN);
      rmSync(join(world.dataDir, 'installs'), { recursive: true });
      taken.kept.push((await timingsOf(world)).install ?? Number.NaN);
    }
    const { serverMb, ...ofPrograms } = peaks();
    const npmCiMs = median(taken.npmCi);
    return {
      packages,
      rounds,
      npmCiMs: round(npmCiMs, 0),
      cachedInstallMs: median(taken.cached),
      cachedInstallRatio: round(median(taken.cached) / npmCiMs, 2),
      keptArchivesMs: median(taken.kept),
      keptArchivesRatio: round(median(taken.kept) / npmCiMs, 2),
      coldMs: cold.install ?? Number.NaN,
      ...ofPrograms,
      serverMb,
    };
  } finally {
    registry.server.close();
    registry.server.closeAllConnections();
    world.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds by step of a phase that installs, and does nothing else. */
async function timingsOf(world: World): Promise<Record<string, number>> {
  const job = makeJob(world, {
    spec: { phase: 'plan', agent: null, baseline: true },
    sandbox: { testCommand: 'true' },
    limits: { timeoutMs: 600_000, memoryMb: 4_096, diskMb: 10_240 },
    registries: ['npm'],
  });
  const end = await runJob(world, job);
  if (end.result?.outcome !== 'planned') throw new Error(JSON.stringify(end.failure ?? end.result));
  return end.result.timings;
}

/** A registry on loopback, and a project that locks all of its packages. */
async function startRegistry(
  packages: number,
): Promise<{ url: string; server: Server; project: Record<string, string> }> {
  const archives = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const archive = archives.get(request.url ?? '');
    response.writeHead(archive === undefined ? 404 : 200).end(archive);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const dependencies: Record<string, string> = {};
  const locked: Record<string, object> = {};
  const folder = mkdtempSync(join(tmpdir(), 'drydock-package-'));
  mkdirSync(join(folder, 'package'));
  for (let file = 1; file < filesOfPackage; file++)
    writeFileSync(join(folder, 'package', `${file}.js`), `// ${file}\n`.padEnd(bytesOfFile, 'export const x = 1;\n'));
  for (let i = 0; i < packages; i++) {
    const name = `package-${i}`;
    writeFileSync(join(folder, 'package/package.json'), JSON.stringify({ name, version: '1.0.0' }));
    const archive = gzipSync(packFolder(folder), { level: 1 });
    archives.set(`/${name}/-/${name}-1.0.0.tgz`, archive);
    dependencies[name] = '1.0.0';
    locked[`node_modules/${name}`] = {
      version: '1.0.0',
      resolved: `https://registry.npmjs.org/${name}/-/${name}-1.0.0.tgz`,
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    };
  }
  rmSync(folder, { recursive: true });
  const manifest = { name: 'locked', version: '1.0.0', private: true, dependencies };
  const lock = { name: 'locked', version: '1.0.0', lockfileVersion: 3, packages: { '': manifest, ...locked } };
  const project = { 'package.json': JSON.stringify(manifest), 'package-lock.json': JSON.stringify(lock, null, 2) };
  return { url, server, project };
}

const [packages = '400'] = process.argv.slice(2);
console.log(JSON.stringify(await benchInstall(Number(packages))));
