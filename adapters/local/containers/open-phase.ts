import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packFolder } from '../../../common/tar.ts';
import type { PhaseJob } from '../../../core/ports/runtime/phase-runner.ts';
import { agentFilesInput } from '../../../core/run/phase-order.ts';
import { allowedParts } from '../../../gateway/registry/parts.ts';
import type { OpenPhase } from '../sandbox/isolation/wall.ts';
import { removeFolder } from '../sandbox/phase-folder.ts';
import { markServer, sweepFolders } from '../sandbox/sweep.ts';
import { refuseLoopback, startGatewayContainer } from './gateway.ts';
import type { Image } from './images/find.ts';
import { ownerName, phaseNames, removePhase } from './owner.ts';
import type { ContainerPhase, Containers, PhaseService } from './phase.ts';
import { createNetwork } from './probe.ts';
import { runSandboxContainer } from './sandbox.ts';
import { ServiceContainers } from './services.ts';

/** The containers, the network and the folder of one phase. */
export async function openPhase(
  given: PhaseJob,
  containers: Containers,
  image: Image,
  found: readonly PhaseService[],
  dataDir: string,
): Promise<OpenPhase> {
  const { engine } = containers;
  // An agent's files cannot be mounted into a sandbox; it unpacks them, as on Fargate.
  const files = given.agentFiles === undefined ? undefined : packFolder(given.agentFiles);
  const inputs = new Map(given.inputs);
  if (files !== undefined) inputs.set(agentFilesInput, files);
  const folders = join(dataDir, 'phases');
  await sweepFolders(folders);
  const root = join(folders, `drydock-${randomBytes(9).toString('hex')}`);
  const folder = {
    root,
    inputs: join(root, 'host/inputs'),
    artifacts: join(root, 'host/artifacts'),
    remove: () => removeFolder(root),
  };
  const ticket = randomBytes(32).toString('hex');
  const names = phaseNames(await ownerName());
  const session = join(root, 'session.json');
  const model = given.model?.session === undefined ? given.model : { ...given.model, session };
  const job: PhaseJob = { ...given, inputs, ...(model === undefined ? {} : { model }) };
  const end = (): Promise<void> => removePhase(engine, names.network);
  try {
    for (const made of [folder.inputs, folder.artifacts]) await mkdir(made, { recursive: true, mode: 0o700 });
    await Promise.all([markServer(join(root, 'host')), createNetwork(engine, names.network)]);
  } catch (error) {
    await end();
    await folder.remove();
    throw error;
  }
  const phase: ContainerPhase = { job, names, ticket, folder, image, services: found };
  const services = new ServiceContainers(containers, phase);
  return {
    job,
    // An install is kept for the same image: it has the versions of Node and npm.
    runtime: { node: '', notes: { node: image.digest }, mounts: [], paths: [] },
    folder,
    evidence: {
      image: image.digest,
      ...(files === undefined ? {} : { agentFiles: createHash('sha256').update(files).digest('hex') }),
    },
    async prepare(registries) {
      refuseLoopback(allowedParts(await registries, given.registries), 'registry');
      const server = given.model?.endpoint?.baseUrl;
      if (given.model !== undefined && server !== undefined)
        refuseLoopback({ [given.model.provider]: server }, 'model provider');
      const recorded = given.model?.session;
      // Without a recording for the phase, the gateway says so when it is asked.
      if (recorded !== undefined) await copyFile(resolve(recorded), session).catch(() => undefined);
    },
    startGateway: (prepared, meterFile, onMessage) =>
      startGatewayContainer(containers, phase, { dataDir, meterFile }, prepared, (message) => {
        if (message.type === 'event') services.see(message.event);
        onMessage(message);
      }),
    runSandbox: (options) => runSandboxContainer(containers, phase, services, options),
    async end() {
      await end();
      services.close();
    },
  };
}
