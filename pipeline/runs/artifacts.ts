import type { Artifacts } from '../../core/ports/store/artifacts.ts';
import { type ChangeSet, changeManifest } from '../../core/run/change-set.ts';
import type { RunWork } from '../../core/run/record.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const putText = (artifacts: Artifacts, text: string): Promise<string> => artifacts.put(encoder.encode(text));
export const getText = async (artifacts: Artifacts, digest: string): Promise<string> =>
  decoder.decode(await artifacts.get(digest));

export const putJson = (artifacts: Artifacts, value: unknown): Promise<string> =>
  putText(artifacts, JSON.stringify(value));
export const getJson = async (artifacts: Artifacts, digest: string): Promise<unknown> =>
  JSON.parse(await getText(artifacts, digest));

export async function loadChange(artifacts: Artifacts, stored: NonNullable<RunWork['changeSet']>): Promise<ChangeSet> {
  const [manifest, blobs] = await Promise.all([getJson(artifacts, stored.manifest), artifacts.get(stored.blobs)]);
  return { manifest: changeManifest.parse(manifest), blobs };
}

export async function storeChange(artifacts: Artifacts, change: ChangeSet): Promise<NonNullable<RunWork['changeSet']>> {
  const [manifest, blobs] = await Promise.all([putJson(artifacts, change.manifest), artifacts.put(change.blobs)]);
  return { manifest, blobs };
}
