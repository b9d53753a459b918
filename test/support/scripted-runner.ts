import { createHash } from 'node:crypto';
import type { PhaseJob, PhaseRunner } from '../../core/ports/runtime/phase-runner.ts';
import { blobsByPath, changeManifest } from '../../core/run/change-set.ts';
import type { ModelCall, PhaseResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';

export interface Scripted {
  result?: Partial<PhaseResult>;
  /** Files the agent leaves, by path; undefined deletes. */
  files?: Record<string, string | undefined>;
  /** `files` come on top of the change that the phase started from, as in a real sandbox. */
  onTop?: true;
  failure?: PhaseEnd['failure'];
  calls?: ModelCall[];
  /** What the phase reported while it ran, as NDJSON. */
  log?: string;
}

/** What a phase does, in place of a sandbox; undefined for the usual: plan, a good change, all commands green. */
export type Script = (job: PhaseJob) => Scripted | undefined | Promise<Scripted | undefined>;

/** The change that mends the project of test/support/world.ts. */
export const goodFiles = { 'src/math.js': 'export const add = (a, b) => a + b;\n' };

/** A PhaseRunner for scenarios about the machine, not about the sandbox: the port is real, what is behind it is a script. */
export function scriptedRunner(script: Script = () => undefined): PhaseRunner {
  return {
    async run(job, { signal }) {
      const scripted = (await script(job)) ?? {};
      const end: PhaseEnd = {
        phaseKey: job.spec.phaseKey,
        calls: scripted.calls ?? [],
        refusals: [],
        traffic: [],
        artifacts: new Map(),
        enforcer: 'none',
        ms: 1,
      };
      if (signal.aborted) return { ...end, failure: { name: 'Cancelled', message: 'cancelled' } };
      if (scripted.failure) return { ...end, failure: scripted.failure };
      const change =
        job.spec.phase === 'build' || job.spec.phase === 'rework'
          ? changeOf(job, { ...(scripted.onTop ? startedFrom(job) : {}), ...(scripted.files ?? goodFiles) })
          : undefined;
      if (scripted.log !== undefined) end.artifacts.set('events.ndjson', Buffer.from(scripted.log));
      for (const [name, bytes] of change ?? []) end.artifacts.set(name, bytes);
      return { ...end, result: { ...usual(job), changeSet: change !== undefined, ...scripted.result } };
    },
  };
}

/** The files of the change that a phase starts from. */
export function startedFrom({ inputs }: Pick<PhaseJob, 'inputs'>): Record<string, string | undefined> {
  const [manifest, blobs] = [inputs.get('changeset.json'), inputs.get('changeset.blobs')];
  if (!manifest || !blobs) return {};
  const change = { manifest: changeManifest.parse(JSON.parse(Buffer.from(manifest).toString())), blobs };
  const contents = blobsByPath(change);
  return Object.fromEntries(
    change.manifest.entries.map(({ path }) => [
      path,
      contents.has(path) ? Buffer.from(contents.get(path) ?? []).toString() : undefined,
    ]),
  );
}

function usual({ spec }: PhaseJob): PhaseResult {
  const names = spec.phase === 'verify' ? ['test', ...spec.commands.map((command) => command.name)] : [];
  return {
    phaseKey: spec.phaseKey,
    outcome: spec.phase === 'plan' ? 'planned' : spec.phase === 'verify' ? 'verified' : 'built',
    changeSet: false,
    commands: names.map((name) => ({ name, command: name, exitCode: 0, timedOut: false, ms: 1, output: '' })),
    versions: { node: '24.0.0' },
    timings: {},
  };
}

function changeOf(job: PhaseJob, files: Record<string, string | undefined>): [string, Uint8Array][] {
  const blobs: Buffer[] = [];
  const entries = Object.entries(files).map(([path, text]) => {
    if (text === undefined) return { op: 'delete', path };
    const bytes = Buffer.from(text);
    blobs.push(bytes);
    return { op: 'put', path, mode: '100644', blobSha: gitBlobSha(bytes), bytes: bytes.length };
  });
  return [
    ['changeset.json', Buffer.from(JSON.stringify({ base: job.spec.base, entries }))],
    ['changeset.blobs', Buffer.concat(blobs)],
  ];
}

/** A metered call of so many micros, with an id that its phase determines. */
export const callOf = (phaseKey: string, usdMicros: number): ModelCall => ({
  id: createHash('sha256').update(phaseKey).digest('hex').slice(0, 16),
  provider: 'google',
  model: 'gemini-2.5-pro',
  kind: 'streamGenerateContent',
  inputTokens: 100,
  outputTokens: 10,
  cachedTokens: 0,
  usdMicros,
  state: 'settled',
});
