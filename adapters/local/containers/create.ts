import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layout } from '../../../sandbox/layout.ts';
import { dialects, type Engine, engineOutput } from './engine.ts';
import type { ContainerPhase, Containers } from './phase.ts';

const createMs = 120_000;

/** Options by which a sandbox knows its services by name, where the engine has such. */
export const nameOptions = ({ kind }: Engine, services: readonly { name: string }[]): string[] =>
  dialects[kind].hosts === 'option' ? services.flatMap(({ name }) => ['--add-host', `${name}:127.0.0.1`]) : [];

/**
 * Creates a container of a phase, in which nothing runs yet, and gives it the names of the services.
 * @throws Error with the end of what the engine said.
 */
export async function createContainer(
  { engine }: Containers,
  { folder, services }: Pick<ContainerPhase, 'folder' | 'services'>,
  container: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  await engineOutput(engine, ['create', '--name', container, ...args], { timeoutMs: createMs, env });
  if (dialects[engine.kind].hosts === 'option' || services.length === 0) return;
  const file = join(folder.root, 'hosts');
  if (!existsSync(file)) {
    const names = ['localhost', layout.hostname, ...services.map(({ name }) => name)];
    writeFileSync(file, `127.0.0.1 ${names.join(' ')}\n::1 ip6-localhost\n`);
    chmodSync(file, 0o644);
  }
  // Nothing that this machine knows is mounted. An image without this folder has no program that reads the file.
  await engineOutput(engine, ['cp', file, `${container}:/etc/hosts`]).catch(() => undefined);
}
