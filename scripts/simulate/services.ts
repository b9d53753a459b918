/** AWS's services in simulated time: each request is counted, and what the limits refuse is refused. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ExecutionAlreadyExists, ExecutionDoesNotExist, SFNClient, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { Engine } from '../../engine/engine.ts';
import { stepFunctions } from '../../test/support/aws/step-functions.ts';
import type { SimulatedClock } from './clock.ts';
import type { Meter } from './meter.ts';

type Input = Record<string, unknown>;
interface Capacity {
  CapacityUnits?: number;
  GlobalSecondaryIndexes?: Record<string, { CapacityUnits?: number }>;
}

export const region = 'us-east-1';
const credentials = { accessKeyId: 'simulated', secretAccessKey: 'simulated' };
/** One item of a run has few requests; these keys are shared by all of them. */
const isShared = (key: string): boolean => !key.startsWith('run#') && !key.startsWith('sent#');

/** Counts what the adapter asks of the embedded DynamoDB, and holds simulated time until it has answered. */
export function meterDynamo(client: DynamoDBClient, meter: Meter, clock: SimulatedClock): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context.commandName ?? '').replace(/Command$/, '');
      const input = { ...(args.input as Input), ReturnConsumedCapacity: 'INDEXES' };
      const result = await clock.during(() => next({ ...args, input }));
      meter.count(`dynamodb:${operation}`);
      const writes = /^(Put|Update|Delete|TransactWrite)/.test(operation);
      const consumed = (result.output as { ConsumedCapacity?: Capacity | Capacity[] }).ConsumedCapacity ?? [];
      for (const { CapacityUnits = 0, GlobalSecondaryIndexes = {} } of [consumed].flat()) {
        meter.count(writes ? 'dynamodb write units' : 'dynamodb read units', CapacityUnits);
        const limit = writes ? 'dynamoPartitionWrites' : 'dynamoPartitionReads';
        for (const [index, { CapacityUnits: units = 0 }] of Object.entries(GlobalSecondaryIndexes))
          if (units > 0) meter.take(limit, units, `index ${index}`);
        const key = keyOf(input);
        if (key !== undefined && isShared(key)) meter.take(limit, CapacityUnits, key);
        if (operation === 'PutItem' || operation === 'UpdateItem') meter.observe('dynamoItemKilobytes', CapacityUnits);
      }
      return result;
    },
    { step: 'initialize', priority: 'low', name: 'meter' },
  );
}

/** The partition key of a request for one partition, before or after it is marshalled. */
function keyOf(input: Input): string | undefined {
  const holder = (input.Key ?? input.Item ?? {}) as Input;
  const values = (input.ExpressionAttributeValues ?? {}) as Input;
  const value = holder.pk ?? values[':pk'];
  return typeof value === 'string' ? value : (value as { S?: string } | undefined)?.S;
}

/** The name of a request of the SDK: `RunTask` of RunTaskCommand. */
export const operationOf = (command: unknown): string => (command as object).constructor.name.replace(/Command$/, '');

/** S3 as far as artifacts and phases use it. */
export class SimulatedS3 extends S3Client {
  readonly #objects = new Map<string, { bytes: Uint8Array; at: number }>();
  readonly #meter: Meter;
  readonly #now: () => number;

  constructor(meter: Meter, now: () => number) {
    super({ region, credentials });
    this.#meter = meter;
    this.#now = now;
  }

  override async send(command: unknown): Promise<never> {
    const answer = (value: unknown): never => value as never;
    if (command instanceof PutObjectCommand) {
      this.#meter.count('s3:PutObject');
      const { Key = '', Body } = command.input;
      this.#objects.set(Key, { bytes: Buffer.from(Body as Uint8Array | string), at: this.#now() });
      return answer({});
    }
    const { Key = '' } = (command as GetObjectCommand).input;
    const found = this.#objects.get(Key);
    if (command instanceof HeadObjectCommand) {
      this.#meter.count('s3:HeadObject');
      if (!found) throw new NotFound({ message: Key, $metadata: {} });
      return answer({ LastModified: new Date(found.at) });
    }
    if (!(command instanceof GetObjectCommand)) throw new Error('The simulated S3 does not know this request.');
    this.#meter.count('s3:GetObject');
    if (!found) throw new NoSuchKey({ message: Key, $metadata: {} });
    return answer({ Body: { transformToByteArray: async () => found.bytes } });
  }
}

/** Step Functions in front of the embedded engine. */
export class SimulatedStepFunctions extends SFNClient {
  readonly #operations: ReturnType<typeof stepFunctions>;
  readonly #meter: Meter;

  constructor(engine: () => Engine, machine: string, meter: Meter) {
    super({ region, credentials });
    this.#operations = stepFunctions(engine, machine);
    this.#meter = meter;
  }

  override async send(command: unknown): Promise<never> {
    const { input } = command as { input: Input };
    const action = `states:${operationOf(command)}`;
    this.#meter.count(action);
    this.#meter.take(action.replace(/(SendTask)\w+/, '$1'));
    try {
      return (await this.#operations[action]?.(input)) as never;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const known = { message, $metadata: {} };
      if (code === 'ExecutionAlreadyExists') throw new ExecutionAlreadyExists(known);
      if (code === 'ExecutionDoesNotExist') throw new ExecutionDoesNotExist(known);
      if (code === 'TaskTimedOut') throw new TaskTimedOut(known);
      throw error;
    }
  }
}
