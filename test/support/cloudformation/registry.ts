import { Ajv, type ErrorObject } from 'ajv';
import { type ResourceType, readRegistry } from '../../../scripts/registry/registry.ts';
import type { Template } from '../aws/template.ts';

const { types, regions } = readRegistry();
const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: false, unicodeRegExp: false });
const validators = new Map<string, ReturnType<Ajv['compile']>>();

/**
 * What CloudFormation's registry refuses in a template: types that are unknown, or unknown in a region; properties that are
 * unknown, missing, of another type or form, or set by AWS itself.
 */
export function registryFaults({ Resources }: Template): string[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    if (Type.startsWith('Custom::')) return [];
    const type = types[Type];
    if (!type) return [`${id}: ${Type} is not in scripts/registry/types.json`];
    const absent = type.absent.map((region) => `${id}: ${Type} is unknown in ${region}`);
    return [...absent, ...readOnly(type, Properties, id), ...invalid(type, Properties, id)];
  });
}

export const knownRegions: readonly string[] = regions;

const readOnly = ({ typeName, readOnlyProperties = [] }: ResourceType, properties: object, id: string): string[] =>
  readOnlyProperties.flatMap((pointer) => {
    const [, , name = '', ...deeper] = pointer.split('/');
    return deeper.length === 0 && name in properties ? [`${id}: ${typeName} sets ${name} itself`] : [];
  });

function invalid(type: ResourceType, properties: object, id: string): string[] {
  const known = validators.get(type.typeName);
  const validate = known ?? ajv.compile(withoutOtherDialects(type));
  if (!known) validators.set(type.typeName, validate);
  validate(properties);
  return (validate.errors ?? [])
    .filter((error) => !isUnknown(error))
    .map(
      ({ instancePath, message, params }) =>
        `${id}: ${type.typeName}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
}

/** Values that only a deployment knows are not checked, nor alternatives (`oneOf` and the like) that depend on such a value. */
const isUnknown = ({ data, keyword }: ErrorObject): boolean =>
  isIntrinsic(data) || (['oneOf', 'anyOf', 'allOf', 'not', 'if'].includes(keyword) && hasIntrinsic(data));
const isIntrinsic = (value: unknown): boolean => {
  const [key, ...more] = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return key !== undefined && more.length === 0 && (key === 'Ref' || key === 'Condition' || key.startsWith('Fn::'));
};
const hasIntrinsic = (value: unknown): boolean =>
  isIntrinsic(value) || (typeof value === 'object' && value !== null && Object.values(value).some(hasIntrinsic));

/** The fields of a JSON Schema, without those of the registry. */
const withoutOtherDialects = ({ typeName, properties, definitions, required, ...more }: ResourceType): object => ({
  $id: typeName.replaceAll('::', '.'),
  type: 'object',
  properties,
  additionalProperties: false,
  ...(definitions ? { definitions } : {}),
  ...(required ? { required } : {}),
  ...Object.fromEntries(
    Object.entries(more).filter(([key]) => ['oneOf', 'anyOf', 'allOf', 'if', 'then', 'else'].includes(key)),
  ),
});
