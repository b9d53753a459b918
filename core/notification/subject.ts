/**
 * What people are told about; the facts are gathered by whoever tells them. A step only says this much, so that no step
 * carries, or waits for, what messages need.
 */
export type Subject =
  | { about: 'gate'; runId: string; gateId: string }
  | { about: 'delivered'; runId: string }
  | { about: 'ended'; runId: string }
  | { about: 'budget'; runId: string; sprint: string };
