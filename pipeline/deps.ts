import { randomBytes } from 'node:crypto';
import type { CodeHost, CodeHostKind, CodeHostScope } from '../core/ports/host/code-host.ts';
import type { Clock } from '../core/ports/runtime/clock.ts';
import type { Executions } from '../core/ports/runtime/executions.ts';
import type { PhaseLauncher } from '../core/ports/runtime/launcher.ts';
import type { ModelAccess } from '../core/ports/runtime/model-access.ts';
import type { Notifier } from '../core/ports/runtime/notifier.ts';
import type { TokenVault } from '../core/ports/runtime/vault.ts';
import type { Admission } from '../core/ports/store/admission.ts';
import type { Artifacts } from '../core/ports/store/artifacts.ts';
import type { Baselines } from '../core/ports/store/baselines.ts';
import type { Gates } from '../core/ports/store/gates.ts';
import type { Ledger } from '../core/ports/store/ledger.ts';
import type { Phases } from '../core/ports/store/phases.ts';
import type { RunLinks } from '../core/ports/store/run-links.ts';
import type { Runs } from '../core/ports/store/runs.ts';
import type { SeenSpecs } from '../core/ports/store/seen-specs.ts';

/** Everything the steps reach the world through. Built in one place per world (compose). */
export interface Deps {
  clock: Clock;
  runs: Runs;
  phases: Phases;
  gates: Gates;
  ledger: Ledger;
  admission: Admission;
  baselines: Baselines;
  seenSpecs: SeenSpecs;
  runLinks: RunLinks;
  artifacts: Artifacts;
  /** The code host of that kind, with the credentials of that scope. */
  codeHost(kind: CodeHostKind, scope: CodeHostScope): CodeHost;
  launcher: PhaseLauncher;
  executions: Executions;
  notifier: Notifier;
  vault: TokenVault;
  /** The key or session a model provider is reached with. @throws SecretMissing. */
  modelAccess(provider: string): Promise<ModelAccess>;
  /** Absolute folder of a profile's `files`. */
  agentFiles(path: string): string;
  /** Link to a run's page, when people elsewhere can open it; undefined otherwise. */
  runLink(runId: string): string | undefined;
  /** Link to a gate's page, when there is a server; undefined otherwise. */
  gateLink(gateId: string): string | undefined;
}

export const nonce = (): string => randomBytes(19).toString('hex');
