import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { isAskTopic } from '../../core/ask/names.ts';
import { defined } from '../../core/defined.ts';
import { viewError } from '../../core/errors.ts';
import { installationFiles } from '../../core/installation/detect.ts';
import { type PhaseResult, phaseSpec } from '../../core/run/phase.ts';
import { type BootConfig, egressFacts } from '../boot.ts';
import { artifactNames } from '../layout.ts';
import { ownLimitHit } from './commands/own-cgroup.ts';
import type { GatewayClient } from './link/gateway-client.ts';
import { type Phase, step } from './phase.ts';
import { stopServices } from './services/services.ts';
import { unpackAgentFiles } from './steps/agent-files.ts';
import { baseline, baselineOfError } from './steps/baseline.ts';
import { recordRuntime } from './steps/found-runtime.ts';
import { prepare } from './steps/prepare.ts';
import { verify } from './steps/verify.ts';
import { ask, build, type Outcome, plan } from './steps/work.ts';
import { writeTrust } from './trust/trust.ts';
import { treeOfChange } from './workspace/change.ts';
import { ownGit } from './workspace/git.ts';
import { LineEnds } from './workspace/line-ends.ts';
import { recordFiles, recordTree } from './workspace/record.ts';
import { checkOutSubmodules } from './workspace/submodules.ts';
import { differences, type Tree } from './workspace/trees.ts';
import { agentRepository, checkOut, fetchBase, restore } from './workspace/work-tree.ts';

/** Maximum length of the message in a result. */
const maxMessage = 20_000;

/** Runs one phase and returns its result. It throws only if the gateway cannot be reached. */
export async function runPhase(boot: BootConfig, gateway: GatewayClient, relay: string): Promise<PhaseResult> {
  const spec = phaseSpec.parse(await asked(gateway, '/phase'));
  mkdirSync(boot.paths.runner, { recursive: true });
  const phase: Phase = {
    boot,
    spec,
    gateway,
    relay,
    egress: { authority: '', privateModules: [] },
    git: ownGit(boot),
    deadline: performance.now() + spec.limits.timeoutMs,
    commands: [],
    versions: {},
    timings: {},
    started: 0,
    folders: boot.paths,
    hints: [],
    services: [],
  };
  let baselineResult: PhaseResult['baseline'];
  let outcome: Outcome;
  try {
    outcome = await phaseOutcome(phase, (found) => {
      baselineResult = found;
    });
  } catch (error) {
    const { name, message } = viewError(error);
    baselineResult ??= baselineOfError(name);
    outcome = { outcome: 'failed', error: { name, message: message.slice(0, maxMessage) } };
  }
  const services = await stopServices(phase);
  return {
    changeSet: false,
    ...outcome,
    phaseKey: spec.phaseKey,
    ...defined({
      baseline: baselineResult,
      limit: boot.isolation === 'container' ? ownLimitHit(spec.limits) : undefined,
    }),
    commands: phase.commands.slice(0, 200),
    ...(services.length === 0 ? {} : { services }),
    versions: phase.versions,
    timings: phase.timings,
  };
}

async function phaseOutcome(
  phase: Phase,
  found: (baseline: NonNullable<PhaseResult['baseline']>) => void,
): Promise<Outcome> {
  const { boot, spec, git } = phase;
  const { workspace } = boot.paths;
  const clone = step(phase, 'clone', async () => {
    const version = /\d+\.\d+\.\d+/.exec((await git.run(['--version'])).toString())?.[0];
    if (version !== undefined) phase.versions.git = version;
    const tree = await fetchBase(git, spec.base, phase.relay, boot.runnerSecret);
    await agentRepository(git, workspace, spec.base, spec.targetBranch);
    return tree;
  });
  const [base] = await Promise.all([clone, learnEgress(phase)]);
  if (boot.isolation === 'container') {
    await recordRuntime(phase);
    await unpackAgentFiles(phase);
  }
  const lineEnds = new LineEnds(git, base);
  const start = await step(phase, 'apply change', () => startTree(phase, base));

  if (spec.phase === 'verify') {
    found('skipped');
    return verify(phase, start, lineEnds);
  }
  let prepared: Tree | undefined;
  let hidden: ReadonlySet<string> = new Set();
  const checkOutAs = (tree: Tree): Promise<void> =>
    step(phase, 'checkout', async () => {
      await checkOut(git, tree);
      await lineEnds.apply(workspace, tree);
      await checkOutSubmodules(git, workspace, tree.files);
    });
  if (isAskTopic(spec.phase)) {
    // It only reads: nothing is installed, and no tests run.
    found('skipped');
    await checkOutAs(start);
    return ask(phase, spec.phase, { base, start });
  }
  const restoreAs = async (tree: Tree): Promise<void> => {
    await restore(git, tree);
    await lineEnds.apply(workspace, tree);
  };
  await checkOutAs(spec.baseline ? base : start);
  if (spec.baseline) {
    await prepare(phase, true);
    prepared = await recordTree(git, workspace, base, lineEnds);
    found(await baseline(phase));
    const left = await recordFiles(git, workspace, prepared, lineEnds);
    if (differences(prepared.files, left).length > 0) await restoreAs(prepared);
    if (start !== base) {
      // The change is applied on top of the prepared tree. If it modifies files that affect preparation, that is
      // repeated.
      const again = differences(base.files, start.files).some(({ path }) => affectInstall.has(basename(path)));
      if (base !== prepared) await restoreAs(base);
      await checkOutAs(start);
      prepared = again || base !== prepared ? undefined : start;
    }
  } else found('skipped');
  if (prepared === undefined) {
    await prepare(phase, !spec.baseline);
    prepared = await recordTree(git, workspace, start, lineEnds, (paths) => {
      hidden = paths;
    });
  }

  switch (spec.phase) {
    case 'plan':
      return plan(phase);
    case 'build':
    case 'rework':
      return build(phase, { base, start, prepared }, hidden, lineEnds);
  }
}

const asked = async (gateway: GatewayClient, path: string): Promise<unknown> =>
  JSON.parse((await gateway.get(path)).toString('utf8'));

/** What commands are told about the ways out. The gateway makes the authority of the phase meanwhile, which takes time. */
async function learnEgress(phase: Phase): Promise<void> {
  phase.egress = egressFacts.parse(await asked(phase.gateway, '/egress'));
  await writeTrust(phase.boot.paths.deps, phase.egress.authority);
}

/** Names of files that affect the install. */
const affectInstall = new Set([
  ...installationFiles,
  ...['pnpm-workspace.yaml', '.npmrc', '.yarnrc', 'go.sum', 'libs.versions.toml'],
]);

/** Base plus the change set of the previous phase, as a tree. */
async function startTree(phase: Phase, base: Tree): Promise<Tree> {
  const { spec, gateway, git } = phase;
  if (!spec.inputs.includes(artifactNames.manifest)) return base;
  const manifest = await gateway.get(`/inputs/${artifactNames.manifest}`);
  const blobs = spec.inputs.includes(artifactNames.blobs)
    ? await gateway.stream(`/inputs/${artifactNames.blobs}`)
    : Readable.from([]);
  return treeOfChange(git, base, manifest, blobs);
}
