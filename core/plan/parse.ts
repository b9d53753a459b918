import { parseDocument } from 'yaml';
import { DrydockError } from '../errors.ts';
import { type Plan, plan } from './schema.ts';

/** More than any plan a person would read. */
const maxPlanLength = 200_000;
/** More are not read by anybody. */
const maxFaults = 20;

/** Reads the YAML or JSON an agent or a person left as a plan. @throws ResultInvalid, every fault at once. */
export function parsePlan(text: string, origin: Plan['origin']): Plan {
  if (text.length > maxPlanLength)
    throw new DrydockError('ResultInvalid', `The plan is longer than ${maxPlanLength} characters.`);
  const value = readYaml(text);
  const parsed = plan.safeParse(typeof value === 'object' && value !== null ? { ...value, origin } : value);
  if (parsed.success) return parsed.data;
  throw invalid(
    'The plan has faults',
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'plan'}: ${issue.message}`),
  );
}

/** YAML without aliases: what a few lines say must not become more than a few lines. */
function readYaml(text: string): unknown {
  let faults: string[];
  try {
    const document = parseDocument(text);
    faults = [...document.errors, ...document.warnings].map((fault) => fault.message);
    if (faults.length === 0) return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    // Aliases are refused by throwing, and brackets a hundred thousand deep are more than the parser's stack.
    faults = [error instanceof Error ? error.message : String(error)];
  }
  throw invalid('The plan is not plain YAML', faults);
}

const invalid = (what: string, faults: string[]): DrydockError => {
  const shown = faults.slice(0, maxFaults).map((fault) => fault.slice(0, 300));
  const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : '';
  return new DrydockError('ResultInvalid', `${what}: ${shown.join('; ')}${more}`);
};
