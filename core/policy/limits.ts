import { z } from 'zod';
import * as field from '../task-spec/fields.ts';

/** Upper limits of the operator; a spec may only lower them. */
export const limits = z.strictObject({
  usd_per_run: field.usd.default(10).describe('Maximum cost of one run, in US dollars.'),
  timeout_minutes: z.number().positive().max(10_080).default(60).describe('Maximum time of one phase, in minutes.'),
  cpu: z.number().positive().max(256).default(2).describe('Virtual CPUs of a sandbox.'),
  memory_mb: z.int().positive().max(1_048_576).default(4096).describe('Memory of a sandbox, in MiB.'),
  pids: z.int().min(16).max(1_000_000).default(512).describe('Processes in a sandbox.'),
  disk_mb: z.int().positive().max(10_485_760).default(10_240).describe('Disk space of a sandbox, in MiB.'),
  concurrent_runs: z
    .int()
    .positive()
    .max(10_000)
    .default(4)
    .describe('Runs of one repository at the same time; others are queued.'),
  concurrent_runs_total: z
    .int()
    .positive()
    .max(100_000)
    .optional()
    .describe('Runs of all repositories at the same time; others are queued. No limit if left out.'),
  parallel_parts: z
    .int()
    .positive()
    .max(50)
    .default(3)
    .describe('Parts of one campaign that run at the same time; a spec may ask for fewer.'),
  changed_files: z.int().positive().max(100_000).default(300).describe('Maximum number of files in one change.'),
  changed_bytes: z
    .int()
    .positive()
    .max(1_000_000_000)
    .default(5_000_000)
    .describe('Maximum number of bytes in one change.'),
  rework_rounds: z.int().nonnegative().max(20).default(3).describe('How often a change may go back to the agent.'),
  plan_alternatives: z.int().nonnegative().max(20).default(3).describe('How often another plan may be requested.'),
  ci_report_minutes: z
    .number()
    .positive()
    .max(10_080)
    .default(30)
    .describe('Minutes that a CI gate may stay without any report before it counts as missing.'),
  history_depth: z
    .int()
    .positive()
    .max(100_000)
    .default(50)
    .describe("Commits of the base's history that the sandbox may read."),
});
