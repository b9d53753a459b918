import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { blobsByPath, type ChangeSet, changeManifest } from '../../core/run/change-set.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';

/** A manifest has at most 100,000 entries of five fields, each with its name. */
const manifestLimits: JsonLimits = { depth: 4, values: 1_200_000 };

/** Reads the change set from a sandbox, and checks every blob against its id. Returns faults instead of throwing. */
export function readChange(artifacts: Map<string, Uint8Array>, base: string): ChangeSet | Error {
  const manifestBytes = artifacts.get('changeset.json');
  const blobs = artifacts.get('changeset.blobs');
  if (!manifestBytes || !blobs) return new Error('The result announces a change set, but the sandbox did not put it.');
  const json = parseJson(manifestBytes, manifestLimits);
  if ('invalid' in json) return new Error(`The manifest of the change set is not valid JSON: ${json.invalid}.`);
  const parsed = changeManifest.safeParse(json.value);
  if (!parsed.success)
    return new Error(`The manifest of the change set is invalid: ${parsed.error.issues[0]?.message}`);
  const change = { manifest: parsed.data, blobs };
  if (change.manifest.base !== base)
    return new Error(`The change set was made against ${change.manifest.base}, not ${base}.`);
  const paths = new Set(change.manifest.entries.map((entry) => entry.path));
  if (paths.size !== change.manifest.entries.length) return new Error('The change set names a path twice.');
  const contents = blobsByPath(change);
  let total = 0;
  for (const entry of change.manifest.entries) {
    if (entry.op !== 'put' || entry.mode === '160000') continue;
    total += entry.bytes;
    const content = contents.get(entry.path);
    if (!content || content.length !== entry.bytes || gitBlobSha(content) !== entry.blobSha) {
      return new Error(`The content of ${entry.path} does not match the manifest.`);
    }
  }
  return total === blobs.length ? change : new Error('The change set contains bytes that belong to no entry.');
}
