// npm run registry -- --source TEXT [--type AWS::X::Y]… REGION=FOLDER…: writes types.json anew, for the types that are in it
// and those that are named. Each folder holds the schemas of a region as AWS publishes them (one file per type, in
// https://schema.cloudformation.REGION.amazonaws.com/CloudformationSchema.zip); the schemas are taken from the first.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsedArgs, usage } from '../usage.ts';
import { type ResourceType, readRegistry, registryFile } from './registry.ts';

const help = `npm run registry -- --source TEXT [--type AWS::X::Y]… REGION=FOLDER…
Each folder holds the unpacked https://schema.cloudformation.REGION.amazonaws.com/CloudformationSchema.zip of its region.
TEXT says where and when they were taken from. Writes scripts/registry/types.json.`;
const { values, positionals } = parsedArgs(help, {
  allowPositionals: true,
  options: { source: { type: 'string' }, type: { type: 'string', multiple: true, default: [] } },
});
const folders = positionals.map((each) => each.split('=', 2) as [string, string]);
const first = folders[0]?.[1];
if (first === undefined || values.source === undefined) usage('Give --source TEXT and REGION=FOLDER.', help);

const fileOf = (type: string): string => `${type.replaceAll('::', '-').toLowerCase()}.json`;
const listed = folders.map(([region, folder]) => [region, new Set(readdirSync(folder))] as const);
const known = existsSync(registryFile) ? Object.keys(readRegistry().types) : [];
const types = [...new Set([...known, ...values.type])].sort().map((type) => {
  const schema = withoutProse(JSON.parse(readFileSync(join(first, fileOf(type)), 'utf8'))) as ResourceType;
  const absent = listed.flatMap(([region, files]) => (files.has(fileOf(type)) ? [] : [region]));
  return `${JSON.stringify(type)}: ${JSON.stringify({ ...schema, absent })}`;
});
// One line for each type, so that a difference shows which types changed.
writeFileSync(
  registryFile,
  `{"source": ${JSON.stringify(values.source)},\n"regions": ${JSON.stringify(folders.map(([region]) => region))},\n"types": {\n${types.join(',\n')}\n}}\n`,
);

/** Texts for people are most of a schema. */
function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, each]) =>
      !(['description', '$comment', 'title'].includes(key) && typeof each === 'string') && key !== 'examples',
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutProse(each)]));
}
