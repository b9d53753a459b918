import { randomBytes } from 'node:crypto';
import type { Advisory } from '../core/guard/locks/advisories.ts';
import type { ModelEndpoint } from '../core/models/endpoint.ts';
import type { CodeHost, CodeHostKind, CodeHostScope } from '../core/ports/host/code-host.ts';
import type { Clock } from '../core/ports/runtime/clock.ts';
import type { Executions } from '../core/ports/runtime/executions.ts';
import type { PhaseLauncher } from '../core/ports/runtime/launcher.ts';
import type { ModelAccess } from '../core/ports/runtime/model-access.ts';
import type { Notifier } from '../core/ports/runtime/notifier.ts';
import type { PhaseInbox } from '../core/ports/runtime/phase-inbox.ts';
import type { Thread } from '../core/ports/runtime/thread.ts';
import type { TokenVault } from '../core/ports/runtime/vault.ts';
import type { Admission } from '../core/ports/store/admission.ts';
import type { Artifacts } from '../core/ports/store/artifacts.ts';
import type { Baselines } from '../core/ports/store/baselines.ts';
import type { Firings } from '../core/ports/store/firings.ts';
import type { Gates } from '../core/ports/store/gates.ts';
import type { Ledger } from '../core/ports/store/ledger.ts';
import type { Phases } from '../core/ports/store/phases.ts';
import type { RunLinks } from '../core/ports/store/run-links.ts';
import type { Runs } from '../core/ports/store/runs.ts';
import type { SeenSpecs } from '../core/ports/store/seen-specs.ts';

/** All ports that the steps use. Composed in `cli/local/compose.ts` and in the compose modules of `lambdas/`. */
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
  firings: Firings;
  artifacts: Artifacts;
  /** The code host of that kind, with the credentials of that scope. */
  codeHost(kind: CodeHostKind, scope: CodeHostScope): CodeHost;
  launcher: PhaseLauncher;
  phaseInbox: PhaseInbox;
  executions: Executions;
  notifier: Notifier;
  /** The vulnerabilities of a folder in the OSV format. @throws AdvisoriesUnreadable, with the file. */
  advisories(folder: string): Promise<Advisory[]>;
  /** Where the guard reads what a sandbox returned. */
  thread: Thread;
  vault: TokenVault;
  /** The credential or recorded session for a model provider. @throws SecretMissing. */
  modelAccess(provider: string, endpoint?: ModelEndpoint): Promise<ModelAccess>;
  /** A credential of the policy, by the name of its variable. @throws SecretMissing. */
  credential(variable: string): Promise<string>;
  /** Absolute folder of a profile's `files`. */
  agentFiles(path: string): string;
  /** Of one machine, where no code host tells of a merge: what follows the end of a run. */
  afterRun?(runId: string): Promise<void>;
  /** URL of a run's page; undefined if there is no page that others can open. */
  runLink(runId: string): string | undefined;
  /** URL of a page by its path, such as `/gates/ID`; undefined if no pages are served. */
  pageLink(path: string): string | undefined;
}

export const nonce = (): string => randomBytes(19).toString('hex');
