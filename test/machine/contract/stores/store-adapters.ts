import { join } from 'node:path';
import { createAdmission } from '../../../../adapters/aws/dynamo/admission.ts';
import { createBaselines } from '../../../../adapters/aws/dynamo/baselines.ts';
import { createCredentials } from '../../../../adapters/aws/dynamo/credentials.ts';
import { createFirings } from '../../../../adapters/aws/dynamo/firings.ts';
import { createGates } from '../../../../adapters/aws/dynamo/gates.ts';
import { createLedger } from '../../../../adapters/aws/dynamo/ledger.ts';
import { listing } from '../../../../adapters/aws/dynamo/listing/run-list.ts';
import { createPhases } from '../../../../adapters/aws/dynamo/phases.ts';
import { createRunLinks } from '../../../../adapters/aws/dynamo/run-links.ts';
import { createRuns } from '../../../../adapters/aws/dynamo/runs.ts';
import { createSeenSpecs } from '../../../../adapters/aws/dynamo/seen-specs.ts';
import { type LocalStores, openStores } from '../../../../adapters/local/stores/open-stores.ts';
import type { RunRecord } from '../../../../core/run/record.ts';
import { startDynamo, type TestDynamo, testTables } from '../../../support/dynamo.ts';
import { makeLiveTables } from '../../../support/live.ts';
import { tempFolder } from '../git-fixture.ts';

export type Stores = LocalStores['ports'] & Pick<LocalStores, 'credentials'> & { close(): Promise<void> };

export function dynamoStores({ client }: Pick<TestDynamo, 'client'>, tables = testTables): Omit<Stores, 'close'> {
  return {
    runs: createRuns(client, tables.runs, listing),
    ledger: createLedger(client, tables.ledger),
    gates: createGates(client, tables.gates),
    phases: createPhases(client, tables.gates),
    admission: createAdmission(client, tables.ledger),
    baselines: createBaselines(client, tables.ledger),
    firings: createFirings(client, tables.ledger),
    seenSpecs: createSeenSpecs(client, tables.runs),
    runLinks: createRunLinks(client, tables.runs),
    credentials: createCredentials(client, tables.gates),
  };
}

/** Every adapter of the store ports; each of them passes the same contract. */
export const storeAdapters: [string, () => Promise<Stores>][] = [
  [
    'one machine',
    async () => {
      const { ports, credentials, close } = openStores(tempFolder());
      return { ...ports, credentials, close: async () => close() };
    },
  ],
  [
    'AWS, on an embedded DynamoDB',
    async () => {
      const dynamo = await startDynamo(join(tempFolder(), 'db'));
      return { ...dynamoStores(dynamo), close: dynamo.close };
    },
  ],
  // `npm run test:live`
  ...(process.env.DRYDOCK_LIVE === undefined
    ? []
    : [
        [
          'AWS, in an account',
          async () => {
            const { client, tables, close } = await makeLiveTables();
            return { ...dynamoStores({ client }, tables), close };
          },
        ] satisfies [string, () => Promise<Stores>],
      ]),
];

export const record = (runId: string, more: Partial<RunRecord> = {}): RunRecord => ({
  runId,
  runKey: 'a'.repeat(64),
  taskId: 'T-1',
  repository: `acme/${runId.slice(0, 6)}`,
  team: 'web',
  title: 'x',
  requester: 'dev',
  attempt: 1,
  specPath: '.agent-tasks/t.yaml',
  specBlob: 'b'.repeat(40),
  specDigest: 'c'.repeat(64),
  policyDigest: 'd'.repeat(64),
  taskDigest: 'e'.repeat(64),
  dryRun: false,
  status: 'running',
  state: 'Validate',
  targetBranch: 'main',
  branch: 'agent/t',
  capMicros: 1,
  spentMicros: 0,
  tokens: { input: 0, output: 0, cached: 0 },
  work: { feedback: [], answers: [], addedConstraints: [], results: {} },
  durations: {},
  createdAt: '2026-01-01T00:00:00.000Z',
  version: 1,
  ...more,
});
