import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createCredentials } from '../../adapters/aws/dynamo/credentials.ts';
import { createGrantHolders } from '../../adapters/aws/dynamo/grant-holders.ts';
import { createPhases } from '../../adapters/aws/dynamo/phases.ts';
import { createPhaseStore } from '../../adapters/aws/phases/store.ts';
import { variable } from '../../common/deployment.ts';
import { named, once } from './once.ts';

export const clock = { now: Date.now, sleep: (ms: number) => delay(ms) };
/** Clients of the two services that every step calls: they are loaded with the function. */
export const dynamo = once(() => new DynamoDBClient({}));
export const s3 = once(() => new S3Client({}));

export const phases = named(() => createPhases(dynamo(), variable('gates')));
export const grantHolders = named(() => createGrantHolders(dynamo(), variable('gates')));
export const credentials = named(() => createCredentials(dynamo(), variable('gates')));
export const phaseStore = once(() => createPhaseStore(s3(), variable('artifacts')));
