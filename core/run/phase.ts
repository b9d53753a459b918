import { z } from 'zod';
import { agentNames } from '../agents/names.ts';
import { askTopics, maxAnswerBytes } from '../ask/names.ts';
import { sandboxServer } from '../mcp/server.ts';
import { providerKinds } from '../models/endpoint.ts';
import { maxRemarks } from '../remark/remark.ts';
import { testReport } from './test-report.ts';

/**
 * The contract between the pipeline and a sandbox: the input of a phase (`PhaseSpec`, fetched by the runner from the
 * gateway at `GET /phase`) and its output (`PhaseResult`, put as the artifact `result.json`). Everything in a result is
 * telemetry; only a `verify` result of a fresh sandbox counts as evidence (law 3).
 */

export const phaseNames = ['plan', 'build', 'rework', 'verify', ...askTopics] as const;
export type PhaseName = (typeof phaseNames)[number];

const namedCommand = z.strictObject({ name: z.string().min(1), command: z.string().min(1) });

const agentSpec = z.strictObject({
  /** Profile name in the policy. */
  profile: z.string(),
  kind: z.enum(['command', 'acp']),
  command: z.array(z.string()).min(1),
  /** The agent that this is, if the product knows it. */
  known: z.enum(agentNames).optional(),
  provider: z.string().optional(),
  /** The interface of the provider; absent: that of its name. */
  providerKind: z.enum(providerKinds).optional(),
  model: z.string().optional(),
  /** Whether the profile's folder is available read-only at /agent. */
  files: z.boolean(),
  /** Whether the profile is started in the plan phase. */
  plans: z.boolean(),
});
export type AgentSpec = z.infer<typeof agentSpec>;

export const phaseLimits = z.strictObject({
  timeoutMs: z.int().positive(),
  cpu: z.number().positive(),
  memoryMb: z.int().positive(),
  pids: z.int().positive(),
  diskMb: z.int().positive(),
});
export type PhaseLimits = z.infer<typeof phaseLimits>;

/** A server that runs beside the commands of a phase: a command of the sandbox, or a container image. */
const serviceSpec = z.strictObject({
  command: z.string().optional(),
  /** Pinned by digest. */
  image: z.string().optional(),
  env: z.record(z.string(), z.string()),
  port: z.int().positive(),
  /** Command that exits with 0 once the service is ready; its port accepts connections if left out. */
  ready: z.string().optional(),
  memoryMb: z.int().positive().optional(),
  /** Of an image: `UID` or `UID:GID`, and folders in memory that it writes to. */
  user: z.string().optional(),
  folders: z.array(z.string()).optional(),
});
export type ServiceSpec = z.infer<typeof serviceSpec>;

export const phaseSpec = z.strictObject({
  phaseKey: z.string(),
  runId: z.string(),
  taskId: z.string(),
  phase: z.enum(phaseNames),
  base: z.string(),
  /** Branch that the base was the head of; its remote-tracking ref in the repository of the work tree. */
  targetBranch: z.string().optional(),
  /** Submodules whose folders stay empty, with the reason, for people. */
  missingSubmodules: z.array(z.string()).optional(),
  /**
   * Names the gateway serves at `GET /inputs/<name>`: `changeset.json`, `changeset.blobs`, `plan.json`, `handoff.md`…
   */
  inputs: z.array(z.string()),
  /** The whole prompt; empty if no agent runs. */
  prompt: z.string(),
  /** Keys of what people said that the prompt has; the rest comes while the agent works. */
  remarks: z
    .array(z.string())
    .max(2 * maxRemarks)
    .optional(),
  agent: agentSpec.nullable(),
  /** MCP servers of the agent. */
  mcp: z.array(sandboxServer).optional(),
  sandbox: z.strictObject({
    runtime: z.string(),
    packageManager: z.string().optional(),
    /** Folders that are installed, each from its own lock file; the root of the repository if left out. */
    roots: z.array(z.string()).optional(),
    dependencies: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    setupCommand: z.string().optional(),
    /** By name, in the order in which they start. */
    services: z.record(z.string(), serviceSpec).optional(),
    buildCommand: z.string().optional(),
    testCommand: z.string(),
  }),
  /** Run the tests on the unchanged base first; false if a cached baseline is valid. */
  baseline: z.boolean(),
  /** Names of tests the spec lists as failing and the policy allows. */
  knownFailures: z.array(z.string()),
  /** Verify: number of tests at the base, if it is known; known failures do not apply without it. */
  baseTests: z.int().nonnegative().optional(),
  /** Verify only: success criteria, checks and CI gates, in this order. */
  commands: z.array(namedCommand),
  limits: phaseLimits,
});
export type PhaseSpec = z.infer<typeof phaseSpec>;

/** A name that a phase reports: of a step or command, of a tool call. The longest are the texts of success criteria. */
const reportedName = z.string().max(2_100);

const commandResult = z.strictObject({
  name: reportedName,
  command: z.string().max(100_000),
  exitCode: z.int().nullable(),
  timedOut: z.boolean(),
  ms: z.number().nonnegative(),
  /** The last 16 KiB of stdout and stderr, interleaved. */
  output: z.string().max(20_000),
  /** Verify: what the command changed and may not change: `changed src/a.js`, `made .npmrc`, `deleted …`. */
  altered: z.array(z.string().max(2_000)).max(20).optional(),
  /** Tests: what the summaries in its whole output say. */
  tests: testReport.optional(),
  /** Tests that failed, where the spec lists known failures: whether they explain it, or why not. */
  knownFailures: z.string().max(2_000).optional(),
});
export type CommandResult = z.infer<typeof commandResult>;

const serviceLog = z.strictObject({
  name: z.string().max(100),
  command: z.string().max(100_000),
  exitCode: z.int().nullable(),
  ms: z.number().nonnegative(),
  /** The last 16 KiB of stdout and stderr, interleaved. */
  output: z.string().max(20_000),
});
export type ServiceLog = z.infer<typeof serviceLog>;

export const question = z.strictObject({
  question: z.string().min(1).max(4_000),
  context: z.string().max(20_000).default(''),
  options: z.array(z.string().max(500)).max(10).default([]),
  suggested: z.string().max(500).optional(),
});
export type Question = z.infer<typeof question>;

export const checkpoint = z.strictObject({
  name: z.string().min(1).max(200),
  summary: z.string().max(20_000).default(''),
});
export type Checkpoint = z.infer<typeof checkpoint>;

/** Characters of a file's name in a list for people. */
export const maxHiddenLine = 500;

export const phaseResult = z.strictObject({
  phaseKey: z.string(),
  outcome: z.enum(['planned', 'built', 'question', 'checkpoint', 'verified', 'answered', 'failed']),
  /** Present when `failed`; `name` is one of core/errors. */
  error: z.strictObject({ name: z.string().max(100), message: z.string().max(20_000) }).optional(),
  question: question.optional(),
  checkpoint: checkpoint.optional(),
  /** Raw `plan.yaml` as the agent wrote it; the pipeline checks it. */
  plan: z.string().max(200_000).optional(),
  /** Raw answer of an ask phase as the agent wrote it; the pipeline checks it. */
  answer: z.string().max(maxAnswerBytes).optional(),
  handoff: z.string().max(100_000).optional(),
  /** Whether artifacts `changeset.json` and `changeset.blobs` were put. */
  changeSet: z.boolean(),
  /** New files and folders of the agent that git ignores, so that they are not in the change. */
  hidden: z.array(z.string().max(maxHiddenLine)).max(50).optional(),
  /** Changed files whose line ends changed in every line. */
  flipped: z.array(z.string().max(maxHiddenLine)).max(50).optional(),
  baseline: z.enum(['green', 'red', 'flaky', 'known-failures', 'skipped']).optional(),
  commands: z.array(commandResult).max(200),
  /** What the services printed; `exitCode` is null where a service ran until the phase ended it. */
  services: z.array(serviceLog).max(20).optional(),
  /** Exact installed versions: tools (`node`, `npm`, `git`) and top-level dependencies. */
  versions: z.record(z.string().max(500), z.string().max(500)),
  agent: z
    .strictObject({ exitCode: z.int().nullable(), stopReason: z.string().max(2_000).optional(), ms: z.number() })
    .optional(),
  /** Milliseconds per step, for the bench and the record. */
  timings: z.record(reportedName, z.number()),
  /** The limit of its container that was hit, as the runner read it; it explains a failure. */
  limit: z.string().max(500).optional(),
});
export type PhaseResult = z.infer<typeof phaseResult>;

/** Characters, and edits of one tool call. */
export const eventLimits = { message: 20_000, title: 500, text: 8_000, edits: 20, entries: 100, entry: 1_000 } as const;
const toolKinds = ['read', 'edit', 'delete', 'move', 'search', 'run', 'fetch', 'mcp', 'other'] as const;
export type ToolKind = (typeof toolKinds)[number];

/** One line of the progress report of a running phase (`POST /events`, NDJSON). Telemetry. */
export const phaseEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('step'),
    name: reportedName,
    status: z.enum(['started', 'passed', 'failed']),
    ms: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('log'), source: reportedName, text: z.string().max(8_000) }),
  z.strictObject({ type: z.literal('message'), text: z.string().max(eventLimits.message) }),
  /** What an agent says that it thinks, where it does. */
  z.strictObject({ type: z.literal('thought'), text: z.string().max(eventLimits.message) }),
  /** A tool call of an agent, or news of one with the same id. */
  z.strictObject({
    type: z.literal('tool'),
    id: reportedName,
    kind: z.enum(toolKinds).optional(),
    title: z.string().max(eventLimits.title),
    status: reportedName,
    input: z.string().max(eventLimits.text).optional(),
    output: z.string().max(eventLimits.text).optional(),
    exitCode: z.int().optional(),
    /** Milliseconds since the call began; with its end only. */
    ms: z.int().nonnegative().optional(),
    /** Files that it edits, as the agent says; the change set is taken from the work tree. */
    edits: z
      .array(
        z.strictObject({
          path: z.string().max(eventLimits.title),
          before: z.string().max(eventLimits.text),
          after: z.string().max(eventLimits.text),
        }),
      )
      .max(eventLimits.edits)
      .optional(),
  }),
  z.strictObject({
    type: z.literal('plan'),
    entries: z
      .array(z.strictObject({ content: z.string().max(eventLimits.entry), status: reportedName }))
      .max(eventLimits.entries),
  }),
]);
/** Added by the gateway: the cost of this phase so far. The gateway drops such events from a sandbox. */
interface CostEvent {
  type: 'cost';
  usdMicros: number;
}

/** Added by the gateway: what a person said, handed over to the agent. */
export const remarkEvent = z.strictObject({ type: z.literal('remark'), by: z.string(), text: z.string() });

export type PhaseEvent = z.infer<typeof phaseEvent> | z.infer<typeof remarkEvent> | CostEvent;

/**
 * The rule by which a call is charged. `usage`: as the vendor reports it. `failed`: nothing, because the vendor refused it.
 * `not-sent`: nothing. The others are charged the worst case: the answer was cut off (`cut`), broke off with an error
 * (`error`), or reported no usage that can be read (`no-usage`).
 */
const charge = z.enum(['usage', 'failed', 'not-sent', 'cut', 'error', 'no-usage']);
export type Charge = z.infer<typeof charge>;

/** One metered model call, recorded by the gateway. Money in micro-US-dollars. */
export const modelCall = z.strictObject({
  id: z.string(),
  provider: z.string(),
  model: z.string(),
  kind: z.string(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedTokens: z.number(),
  usdMicros: z.int().nonnegative(),
  /** `settled`: the cost is known. `reserved`: the call is charged its worst case. */
  state: z.enum(['settled', 'reserved']),
  /** Absent if the gateway ended during the call. */
  charged: charge.optional(),
  /** Where its price is from, if not from the price list: the policy, or the dearest model of the list. */
  price: z.enum(['policy', 'assumed']).optional(),
});
export type ModelCall = z.infer<typeof modelCall>;

/** An outgoing request that the gateway refused. */
export const refusal = z.strictObject({
  /** `host:port`, a registry path, a model, or an artifact name. */
  target: z.string(),
  /** The command that sent the request, if known. */
  command: z.string(),
  reason: z.string(),
  /** The line of the policy that would allow it; empty if it can never be allowed. */
  allow: z.string(),
  /** The line that the spec needs beside it, if any. */
  allowInSpec: z.string().optional(),
  /** How often it was refused, if more than once. */
  count: z.int().positive().optional(),
  /** ISO 8601. */
  at: z.string(),
});
export type Refusal = z.infer<typeof refusal>;

/** A registry download, a tunnel, or a request that a rule allowed. */
export const traffic = z.strictObject({
  /** `registry`, `connect`, `rule`, or `cache` for a registry archive that an earlier phase downloaded. */
  route: z.string(),
  /** Registry path or host; of a rule, method, host and path. */
  target: z.string(),
  /** Of a rule: the status of the answer, 0 if there was none. */
  status: z.int().nonnegative().optional(),
  /** Of a rule: number of requests. */
  requests: z.int().positive().optional(),
  /** For a tunnel, the sum of both directions. */
  bytes: z.number(),
});
export type Traffic = z.infer<typeof traffic>;
