import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import { isLoopback } from '../../../core/models/local-host.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { followGateway, type GatewayProcess, heapOption, outOfMemory } from '../sandbox/gateway-process.ts';
import { archivesFolder, installsFolder } from '../sandbox/install-cache.ts';
import type { Prepared } from '../sandbox/isolation/wall.ts';
import { youngGeneration } from '../sandbox/programs.ts';
import { dialects, engineChild, engineOutput, wasOutOfMemory } from './engine.ts';
import { commonOptions, phaseLabel } from './options.ts';
import type { ContainerPhase, Containers } from './phase.ts';
import { dataMount } from './probe.ts';

/** The gateway's port, at its address in the network of its phase alone. */
export const gatewayPort = 8080;
const proxyNames = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];

/**
 * Starts the gateway of a phase: in its network and in one with a way out. It gets its configuration over stdin, and what
 * it works with of the data folder.
 */
export function startGatewayContainer(
  { engine, gateway, known, gatewayMemoryMb: memoryMb }: Containers,
  { job, names, ticket, folder }: ContainerPhase,
  { dataDir, meterFile }: { dataDir: string; meterFile: string },
  prepared: Promise<Prepared>,
  onMessage: (message: GatewayMessage) => void,
): GatewayProcess {
  for (const made of [archivesFolder(dataDir), installsFolder(dataDir), dirname(meterFile)])
    mkdirSync(made, { recursive: true });
  closeSync(openSync(meterFile, 'a', 0o600));
  const child = engineChild(engine, [
    ...['run', '--interactive', '--name', names.gateway, '--label', `${phaseLabel}=${names.network}`],
    ...commonOptions(engine, known.start),
    ...['--network', names.network, '--network', dialects[engine.kind].outerNetwork],
    // It is in two networks, and no packet goes from one to the other.
    ...['--user', known.dataUser, '--sysctl', 'net.ipv4.ip_forward=0'],
    ...['--memory', `${memoryMb}m`, '--memory-swap', `${memoryMb}m`, '--pids-limit', '256'],
    ...[folder.root, meterFile, archivesFolder(dataDir)].flatMap((path) => dataMount(path)),
    ...[installsFolder(dataDir), insideData(dataDir, job.baseRepository)].flatMap((path) => dataMount(path, true)),
    ...['--entrypoint', '/opt/drydock/node', gateway.id],
    ...[heapOption(memoryMb), youngGeneration, '/opt/drydock/gateway.process.cjs'],
  ]);
  const configured = prepared.then(({ settings, forRunner: { onlyUnpacks, keepInstall } }) => ({
    ...settings,
    ticket,
    install: { onlyUnpacks, keepInstall },
    port: gatewayPort,
    certificates: trustedCertificates(),
    proxy: Object.fromEntries(proxyNames.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
  }));
  const kill = (): void => void engineOutput(engine, ['kill', names.gateway]).catch(() => child.kill('SIGKILL'));
  const followed = followGateway(child, configured, onMessage, kill, async () => undefined);
  const ended = followed.ended.then(async (failure) =>
    (await wasOutOfMemory(engine, names.gateway)) ? outOfMemory : failure,
  );
  return { ...followed, ended };
}

/** Only the data folder is mounted, because an engine may be allowed to mount no other. */
function insideData(dataDir: string, path: string): string {
  const full = resolve(path);
  if (full.startsWith(`${join(resolve(dataDir))}/`)) return full;
  throw new DrydockError('Internal', `${full} is outside the data folder ${dataDir}.`);
}

/** The authorities of this machine that Node is told of, as the gateway on this machine has them. */
function trustedCertificates(): string {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** @throws SandboxUnavailable for a server that only this machine itself reaches. @param kind For people: `registry`. */
export function refuseLoopback(servers: Readonly<Record<string, string>>, kind: string): void {
  for (const [name, url] of Object.entries(servers)) {
    if (!isLoopback(new URL(url).hostname)) continue;
    throw new DrydockError('SandboxUnavailable', `The ${kind} ${name}, ${url}, is on the loopback of this machine.`, {
      remedy:
        'A container does not reach it. Serve it at another address of this machine, or use --sandbox bubblewrap.',
    });
  }
}
