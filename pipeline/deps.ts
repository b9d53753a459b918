import { randomBytes } from 'node:crypto';
import type {
  Artifacts,
  Clock,
  CodeHost,
  CodeHostKind,
  CodeHostScope,
  Notifier,
  PhaseOrder,
} from '../core/ports/ports.ts';
import type { Gates, Ledger, Runs, Sightings } from '../core/ports/stores.ts';
import type { ModelCall, PhaseEnd } from '../core/run/phase.ts';

export interface PhaseTry {
  /** `<runId>/<phase>/<round>`. */
  phaseId: string;
  /** Counted from 1. */
  tries: number;
}

/** Starts phases and forgets them; their end comes back through `settlePhase` (DESIGN, Phases). */
export interface PhaseLauncher {
  /** Idempotent per phase key. @throws SecretMissing, AgentUnavailable and their like before anything was started. */
  launch(order: PhaseOrder, phase: PhaseTry): Promise<void>;
  /**
   * Stops a phase's sandbox and gateway. On one machine it resolves once the end (`Cancelled`) was reported; elsewhere that
   * comes by the event of the stop. Unknown ones are fine.
   */
  stop(phase: PhaseTry): Promise<void>;
  isRunning(phase: PhaseTry): Promise<boolean>;
  /** What a try left that nobody settled; undefined where nothing of it can be known, and it has to be launched again. */
  left(phase: PhaseTry): Promise<PhaseEnd | undefined>;
  /** Calls that a try made, as its meter wrote them down, whoever is still alive. */
  calls(phaseKey: string): Promise<ModelCall[]>;
}

/** The engine seen from the steps: Step Functions' API or the embedded one's. */
export interface Executions {
  /** False where decisions are only written down: whoever resumes the run delivers them. */
  readonly live: boolean;
  start(name: string, input: { runId: string }): Promise<'started' | 'exists'>;
  /** False when nobody waits for the token any more. */
  succeed(token: string, output: unknown): Promise<boolean>;
  fail(token: string, error: string, cause: string): Promise<boolean>;
  /** Resolves at the end of an execution; at once for one that was never started. */
  done(name: string): Promise<void>;
  /** Undefined when it was never started. */
  describe(name: string): Promise<{ running: boolean; transitions: number; state: string } | undefined>;
}

/** Encrypts task tokens at rest: they are stored, never shown, logged or linked. */
export interface TokenVault {
  seal(token: string): string | Promise<string>;
  open(sealed: string): string | Promise<string>;
}

export interface ModelAccess {
  mode: 'live' | 'replay';
  /** Folder of a recorded session: `<phase>-<round>.json`. */
  session?: string;
  key?: string;
}

/** Everything the steps reach the world through. Built in one place per world (compose). */
export interface Deps {
  clock: Clock;
  runs: Runs;
  ledger: Ledger;
  gates: Gates;
  sightings: Sightings;
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
