import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { defined } from '../../core/defined.ts';
import type { PhaseJob } from '../../core/ports/runtime/phase-runner.ts';
import { artifactNames } from '../../sandbox/layout.ts';
import type { GatewaySettings } from '../config.ts';
import { allowedParts, simpleRoot } from '../registry/parts.ts';

/** The gateway's settings for a job. Writes the inputs to their folder. */
export async function gatewaySettingsOf(
  job: PhaseJob,
  folder: { inputs: string; artifacts: string },
  secrets: GatewaySettings['secrets'],
  meterFile: string,
  install: { file: string; present: boolean } | undefined,
  registries: Readonly<Record<string, string>>,
): Promise<GatewaySettings> {
  const inputs: Record<string, string> = {};
  for (const [name, bytes] of job.inputs) {
    // Files are numbered, so that an input's name is never part of a path.
    const file = join(folder.inputs, String(Object.keys(inputs).length));
    await writeFile(file, bytes, { mode: 0o600 });
    inputs[name] = file;
  }
  const own = (job.egress?.private ?? []).map((each) => ({
    ...each,
    url: each.kind === 'pypi' ? simpleRoot(each.url) : each.url,
  }));
  if (install?.present === true) inputs[artifactNames.install] = install.file;
  const disk = job.spec.limits.diskMb * 1024 * 1024;
  return {
    artifactsDir: folder.artifacts,
    meterFile,
    secrets,
    spec: { ...job.spec, inputs: Object.keys(inputs) },
    inputs,
    baseRepository: resolve(job.baseRepository),
    registries: { ...allowedParts(registries, job.registries), ...replacing(own) },
    private: own,
    rules: job.egress?.rules ?? [],
    hosts: job.hosts.map((host) => host.toLowerCase()),
    ...defined({ model: job.model, mcp: job.egress?.mcp }),
    caps: { artifactBytes: disk, artifactTotalBytes: disk, registryBytes: disk },
  };
}

/** Registries of the policy that serve all packages of their kind, in the place of the public ones. */
const replacing = (own: GatewaySettings['private']): Record<string, string> =>
  Object.fromEntries(own.flatMap(({ kind, scope, url }) => (scope === undefined ? [[kind, url]] : [])));
