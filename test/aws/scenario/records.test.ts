/**
 * Records, objects, messages and events of earlier versions (AWS-REVIEW F17). What settles, reconciles and answers people is always
 * of the newest version, and the runs that it works on began under an earlier one. `test/golden/records-<version>.json` holds what a
 * deployment of that version had stored while two runs waited; the file of this version is written when there is none.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createS3Artifacts } from '../../../adapters/aws/artifacts.ts';
import { createGates } from '../../../adapters/aws/dynamo/gates.ts';
import { createLedger } from '../../../adapters/aws/dynamo/ledger.ts';
import { createPhases } from '../../../adapters/aws/dynamo/phases.ts';
import { readStopped } from '../../../adapters/aws/phases/stopped.ts';
import { createPhaseStore } from '../../../adapters/aws/phases/store.ts';
import { readMessage } from '../../../adapters/aws/queue.ts';
import { version } from '../../../common/package-info.ts';
import { gateAnswer, phaseAnswer } from '../../../pipeline/payloads.ts';
import { loadTask } from '../../../pipeline/runs/run-context.ts';
import { root } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { testTables } from '../../support/dynamo.ts';
import { pushedSpec } from '../../support/github-world.ts';

interface Records {
  /** Items by table; bytes as `{"$bytes": base64}`. */
  tables: Record<keyof typeof testTables, Record<string, AttributeValue>[]>;
  /** Base64 by `bucket/key`. */
  objects: Record<string, string>;
  /** Bodies of messages between `webhook` and `webhook-worker`. */
  messages: string[];
  /** Events of ECS that the rule handed over. */
  stops: unknown[];
  /** What answers of tokens may say: the definition of a waiting execution knows these outcomes and no other. */
  outcomes: { gate: string[]; phase: string[] };
}

const folder = join(root, 'test/golden');
const bucket = 'artifacts';
let world: AwsWorld;
let dynamo: DynamoDBClient;
beforeEach(async () => {
  world = await createAwsWorld({ policy: { review: { approvers: ['lead', 'second'], plan: 'required' } } });
  dynamo = new DynamoDBClient({});
});
afterEach(async () => {
  await world.ecs.idle();
  dynamo.destroy();
  await world.close();
});

const packed = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
    ? { $bytes: Buffer.from((value as unknown as { data: number[] }).data).toString('base64') }
    : value instanceof Uint8Array
      ? { $bytes: Buffer.from(value).toString('base64') }
      : value;
const unpacked = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$bytes' in value
    ? new Uint8Array(Buffer.from(String(value.$bytes), 'base64'))
    : value;

/** One run waits for its plan, one for its review. */
async function record(): Promise<Records> {
  const messages: string[] = [];
  const stops: unknown[] = [];
  const send = world.operations['sqs:SendMessage'];
  world.operations['sqs:SendMessage'] = (input) => {
    messages.push(String(input.MessageBody));
    return send?.(input);
  };
  world.told.push((event) => stops.push(event));
  const bring = (task_id: string): Promise<number> =>
    world.github.mergePull(
      { [`.agent-tasks/${task_id}.yaml`]: pushedSpec(world.github, { task_id }) },
      { by: 'dev-gh' },
    );
  const number = await bring('FIX-1');
  await world.until('FIX-1', ({ state, status }) => status === 'waiting' && state === 'PlanGate');
  await world.github.comment(number, 'lead-gh', '/drydock approve');
  await world.until('FIX-1', ({ state, status }) => status === 'waiting' && state === 'ReviewGate');
  await bring('FIX-2');
  await world.until('FIX-2', ({ state, status }) => status === 'waiting' && state === 'PlanGate');
  await world.ecs.idle();
  const tables = {} as Records['tables'];
  for (const name of ['runs', 'ledger', 'gates'] as const) {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: testTables[name] }));
    tables[name] = Items;
  }
  return {
    tables,
    objects: Object.fromEntries(
      [...world.aws.objects].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
    ),
    messages,
    stops,
    outcomes: { gate: gateAnswer.shape.outcome.options, phase: phaseAnswer.shape.outcome.options },
  };
}

async function restore({ tables, objects }: Records): Promise<void> {
  for (const name of ['runs', 'ledger', 'gates'] as const)
    for (const Item of tables[name]) await dynamo.send(new PutItemCommand({ TableName: testTables[name], Item }));
  for (const [key, bytes] of Object.entries(objects)) world.aws.objects.set(key, Buffer.from(bytes, 'base64'));
}

const own = join(folder, `records-${version()}.json`);
if (!existsSync(own))
  test('the records of this version are written', async () => {
    writeFileSync(own, `${JSON.stringify(await record(), packed, 1)}\n`);
  });

const files = readdirSync(folder).filter((name) => /^records-.*\.json$/.test(name));
const read = (name: string): Records => JSON.parse(readFileSync(join(folder, name), 'utf8'), unpacked) as Records;

describe.each(files)('%s', (file) => {
  test('is read whole by the newest code', async () => {
    const records = read(file);
    await restore(records);
    const store = createPhaseStore(new S3Client({}), bucket);
    const artifacts = createS3Artifacts(new S3Client({}), bucket);
    const [gates, phases] = [createGates(dynamo, testTables.gates), createPhases(dynamo, testTables.gates)];
    const ledger = createLedger(dynamo, testTables.ledger);
    const runs = await world.runs.list();
    expect(runs.map(({ taskId }) => taskId).sort()).toEqual(['FIX-1', 'FIX-2']);
    const seen = { gates: 0, phases: 0, ends: 0 };
    for (const run of runs) {
      expect((await world.runs.events(run.runId)).length).toBeGreaterThan(4);
      expect((await loadTask({ artifacts }, run)).spec.task_id).toBe(run.taskId);
      await ledger.calls(run.runId);
      for (const gate of await gates.byRun(run.runId)) {
        seen.gates++;
        await gates.votes(gate.gateId);
      }
      for (const { phaseId, attempt } of await phases.byRun(run.runId)) {
        seen.phases++;
        const key = `${phaseId}/${attempt}`;
        expect(await store.order(key)).toBeDefined();
        expect(await store.sandbox(key)).toBeDefined();
        await store.calls(key);
        if (await store.end(key)) seen.ends++;
      }
    }
    expect(seen).toEqual({ gates: 3, phases: 4, ends: 4 });
    expect(records.messages.map((body) => readMessage(body)).length).toBeGreaterThan(1);
    expect(records.stops.flatMap((event) => readStopped(event) ?? []).length).toBeGreaterThanOrEqual(4);
  });

  test('has its runs settled and its stops taken by the newest functions', async () => {
    const records = read(file);
    await restore(records);
    for (const event of records.stops) await world.call('settle-phase', event);
    await world.call('reconcile', {});
    for (const { runId } of await world.runs.list())
      await world.call('settle-run', { detail: { name: runId, status: 'ABORTED' } });
    const ended = await world.runs.list();
    expect(ended.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  });

  test('knows each outcome that the newest code may answer to a waiting execution', () => {
    const { outcomes } = read(file);
    expect(outcomes.gate).toEqual(expect.arrayContaining(gateAnswer.shape.outcome.options));
    expect(outcomes.phase).toEqual(expect.arrayContaining(phaseAnswer.shape.outcome.options));
  });
});
