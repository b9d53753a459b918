import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What CloudFormation's registry says of one type of resource; a JSON Schema (draft 7) with more fields. */
export interface ResourceType {
  typeName: string;
  properties: Record<string, unknown>;
  definitions?: Record<string, unknown>;
  required?: string[];
  /** JSON pointers, `/properties/Name`. */
  readOnlyProperties?: string[];
  /** JSON pointers: another value makes CloudFormation replace the resource. */
  createOnlyProperties?: string[];
  primaryIdentifier: string[];
  tagging?: { taggable?: boolean; tagProperty?: string; permissions?: string[] };
  /** Missing where CloudFormation makes resources of the type without the registry. */
  handlers?: Partial<Record<Handler, { permissions?: string[] }>>;
  /** Regions in which CloudFormation does not know the type. */
  absent: string[];
}
type Handler = 'create' | 'read' | 'update' | 'delete' | 'list';

interface Registry {
  /** Where the schemas and the lists of regions come from, and of which day they are. */
  source: string;
  regions: string[];
  types: Record<string, ResourceType>;
}

export const registryFile = join(import.meta.dirname, 'types.json');

/** The types that the templates use. */
export const readRegistry = (): Registry => JSON.parse(readFileSync(registryFile, 'utf8')) as Registry;
