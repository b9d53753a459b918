import { type Document, isMap, isNode, isScalar, LineCounter } from 'yaml';
import type { z } from 'zod';
import { partsSchema } from '../campaign/part-schema.ts';
import { DrydockError, type ErrorName } from '../errors.ts';
import { parseYaml } from '../text/yaml.ts';
import { type Plan, plan } from './schema.ts';

/** A plan as people and agents write it: with the rules of its parts. */
const written = plan.extend({ parts: partsSchema.optional() });

/** UTF-16 code units; longer than any plan a person would read, and a third of a second for the most hostile text. */
const maxPlanLength = 64_000;
/** How many faults a message lists. */
const maxFaults = 20;

/** The error for an invalid plan: an agent's plan is a result of the sandbox. */
const errorOf = { person: 'PlanInvalid', agent: 'ResultInvalid', spec: 'ResultInvalid' } as const satisfies Record<
  Plan['origin'],
  ErrorName
>;

/**
 * Reads the YAML or JSON that an agent or a person left as a plan.
 * @throws PlanInvalid for a person's text, ResultInvalid for an agent's; every fault at once, with its line.
 */
export function parsePlan(text: string, origin: Plan['origin']): Plan {
  const invalid = (problem: string, faults: string[]): DrydockError => {
    const shown = faults.slice(0, maxFaults).map((fault) => fault.slice(0, 300));
    const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : '';
    return new DrydockError(errorOf[origin], `${problem}: ${shown.join('; ')}${more}`);
  };
  if (text.length > maxPlanLength)
    throw new DrydockError(errorOf[origin], `The plan is longer than ${maxPlanLength} characters.`);
  const { value, faults, lineOf } = readYaml(text);
  if (faults.length > 0) throw invalid('The plan is not valid YAML', faults);
  const parsed = written.safeParse(typeof value === 'object' && value !== null ? { ...value, origin } : value);
  if (parsed.success) return parsed.data;
  throw invalid(
    'The plan is invalid',
    parsed.error.issues.map((issue) => `line ${lineOf(issue)}: ${issue.path.join('.') || 'plan'}: ${issue.message}`),
  );
}

interface Yaml {
  value: unknown;
  faults: string[];
  /** The line of an issue, counted from 1. */
  lineOf(issue: z.core.$ZodIssue): number;
}

/** YAML without aliases, because aliases let a short text expand to a huge one. */
function readYaml(text: string): Yaml {
  const lines = new LineCounter();
  try {
    const document = parseYaml(text, { prettyErrors: false, logLevel: 'error' }, lines);
    if (!document) throw new Error('The text has no document.');
    const faults = [...document.errors, ...document.warnings].map(({ message, pos }, i) => {
      const { line, col } = i < maxFaults ? lines.linePos(pos[0]) : { line: 0, col: 0 };
      return `${message} at line ${line}, column ${col}`;
    });
    const value: unknown = faults.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined;
    return { value, faults, lineOf: (issue) => lines.linePos(offsetOf(document, issue)).line || 1 };
  } catch (error) {
    // The parser throws on aliases, and on nesting that is too deep for its stack.
    return { value: undefined, faults: [error instanceof Error ? error.message : String(error)], lineOf: () => 1 };
  }
}

/** Offset of the value that an issue is about: the unknown key, or the nearest parent of a missing value. */
function offsetOf(document: Document, issue: z.core.$ZodIssue): number {
  for (let { path } = issue; ; path = path.slice(0, -1)) {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    if (isMap(node) && issue.code === 'unrecognized_keys') {
      const key = node.items.find((pair) => isScalar(pair.key) && issue.keys.includes(String(pair.key.value)))?.key;
      if (isScalar(key)) return key.range?.[0] ?? 0;
    }
    if (isNode(node)) return node.range?.[0] ?? 0;
    if (path.length === 0) return 0;
  }
}
