import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import { type Remark, remarks } from '../../../core/remark/remark.ts';
import type { ModelCall } from '../../../core/run/phase.ts';
import { modelCall } from '../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { storedEnd } from '../../../core/run/phase-end.ts';
import { agentFilesInput, type StoredOrder, storedOrder } from '../../../core/run/phase-order.ts';
import { putFile } from '../put-file.ts';

/**
 * The objects through which the two tasks of a phase and the functions exchange data:
 * - `orders/<phaseKey>.json`: the order of the pipeline; the broker reads it, tasks cannot
 * - `orders/<phaseKey>/sandbox.json`: the sandbox's task, after its start
 * - `phases/<phaseKey>/inputs/<name>`: the inputs
 * - `agents/<digest>.tar`: the files of a profile, once for all phases; gateways read them and cannot write there
 * - `phases/<phaseKey>/remarks.json`: what people said to the agent so far, empty at first; the gateway looks there again and again
 * - `phases/<phaseKey>/calls.json`: the model calls that the meter has counted so far
 * - `phases/<phaseKey>/artifacts/<name>`, then `phases/<phaseKey>/end.json`: the outputs; `end.json` is written last
 */
const orderKey = (phaseKey: string): string => `orders/${phaseKey}.json`;
/** Gateways of all phases may read and write under this prefix; the bucket's lifecycle deletes its objects. */
export const cachePrefix = 'cache/';
const sandboxKey = (phaseKey: string): string => `orders/${phaseKey}/sandbox.json`;
const startedTask = z.strictObject({ taskArn: z.string() });
export const phasePrefix = (phaseKey: string): string => `phases/${phaseKey}/`;

/** The end of a phase as its gateway knows it: artifacts as bytes, or as paths of files. */
export interface LeftPhase extends Omit<PhaseEnd, 'artifacts'> {
  artifacts: ReadonlyMap<string, Uint8Array | string>;
}

const hour = 3_600_000;
/** The bucket deletes files of profiles after 30 days; they are written again before, for phases that take days to start. */
const renewMs = 15 * 24 * hour;
export const agentFilesKey = (digest: string): string => `agents/${digest}.tar`;

export interface PhaseStore {
  putOrder(order: PhaseOrder): Promise<void>;
  order(phaseKey: string): Promise<StoredOrder | undefined>;
  /** Epoch milliseconds. */
  orderedAt(phaseKey: string): Promise<number | undefined>;
  /** An input, to be read once. */
  input(order: StoredOrder, name: string): Promise<Readable | undefined>;
  /** Stores the files of a profile, unless they are there. @returns Their digest. */
  putAgentFiles(tar: Uint8Array, now: number): Promise<string>;
  putRemarks(phaseKey: string, remarks: readonly Remark[]): Promise<void>;
  remarks(phaseKey: string): Promise<Remark[]>;
  putCalls(phaseKey: string, calls: ModelCall[]): Promise<void>;
  /** Empty if there were no calls. */
  calls(phaseKey: string): Promise<ModelCall[]>;
  putSandbox(phaseKey: string, taskArn: string): Promise<void>;
  /** ARN of the sandbox's task; `undefined` if it was never started. */
  sandbox(phaseKey: string): Promise<string | undefined>;
  putEnd(end: LeftPhase): Promise<void>;
  /** `undefined` if the gateway stopped before it wrote the end. */
  end(phaseKey: string): Promise<PhaseEnd | undefined>;
}

export function createPhaseStore(client: S3Client, bucket: string): PhaseStore {
  const put = async (key: string, body: Uint8Array | string): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  };
  const open = async (key: string) => {
    try {
      return (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };
  const get = async (key: string): Promise<Uint8Array | undefined> => (await open(key))?.transformToByteArray();
  const storedAt = async (key: string): Promise<number | undefined> => {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return head.LastModified?.getTime();
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  };
  const getJson = async <T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await get(key);
    return bytes && schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  };
  return {
    async putOrder({ inputs, ...order }) {
      const { phaseKey } = order.spec;
      await Promise.all([
        ...[...inputs].map(([name, bytes]) => put(`${phasePrefix(phaseKey)}inputs/${name}`, bytes)),
        // Gateways may not see whether an object is missing.
        ...(order.spec.agent === null ? [] : [put(`${phasePrefix(phaseKey)}remarks.json`, '[]')]),
      ]);
      await put(orderKey(phaseKey), JSON.stringify(storedOrder.parse(order)));
    },
    order: (phaseKey) => getJson(orderKey(phaseKey), storedOrder),
    orderedAt: (phaseKey) => storedAt(orderKey(phaseKey)),
    async input({ spec, agentFilesDigest }, name) {
      const once = name === agentFilesInput && agentFilesDigest !== undefined;
      const body = await open(once ? agentFilesKey(agentFilesDigest) : `${phasePrefix(spec.phaseKey)}inputs/${name}`);
      return body instanceof Readable ? body : undefined;
    },
    async putAgentFiles(tar, now) {
      const digest = hash('sha256', tar);
      const at = await storedAt(agentFilesKey(digest));
      if (at === undefined || now - at > renewMs) await put(agentFilesKey(digest), tar);
      return digest;
    },
    putRemarks: (phaseKey, remarks) => put(`${phasePrefix(phaseKey)}remarks.json`, JSON.stringify(remarks)),
    remarks: async (phaseKey) => (await getJson(`${phasePrefix(phaseKey)}remarks.json`, remarks)) ?? [],
    putCalls: (phaseKey, calls) => put(`${phasePrefix(phaseKey)}calls.json`, JSON.stringify(calls)),
    calls: async (phaseKey) => (await getJson(`${phasePrefix(phaseKey)}calls.json`, z.array(modelCall))) ?? [],
    putSandbox: (phaseKey, taskArn) => put(sandboxKey(phaseKey), JSON.stringify({ taskArn })),
    sandbox: async (phaseKey) => (await getJson(sandboxKey(phaseKey), startedTask))?.taskArn,
    async putEnd({ artifacts, ...end }) {
      const prefix = phasePrefix(end.phaseKey);
      for (const [name, left] of artifacts) {
        const key = `${prefix}artifacts/${name}`;
        await (typeof left === 'string' ? putFile(client, bucket, key, left) : put(key, left));
      }
      await put(`${prefix}end.json`, JSON.stringify(storedEnd.parse({ ...end, artifacts: [...artifacts.keys()] })));
    },
    async end(phaseKey) {
      const prefix = phasePrefix(phaseKey);
      const found = await getJson(`${prefix}end.json`, storedEnd);
      if (!found) return undefined;
      const artifacts = new Map<string, Uint8Array>();
      for (const name of found.artifacts) {
        const bytes = await get(`${prefix}artifacts/${name}`);
        if (bytes) artifacts.set(name, bytes);
      }
      const { result, failure, agentFiles, ...facts } = found;
      const some = {
        ...(result ? { result } : {}),
        ...(failure ? { failure } : {}),
        ...(agentFiles ? { agentFiles } : {}),
      };
      return { ...facts, artifacts, ...some };
    },
  };
}
