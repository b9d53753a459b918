import { parseDocument } from 'yaml';
import { DrydockError } from '../errors.ts';
import { type Plan, plan } from './schema.ts';

/** More than any plan a person would read. */
const maxPlanBytes = 200_000;

/** Reads the YAML or JSON an agent or a person left as a plan. @throws ResultInvalid, every fault at once. */
export function parsePlan(text: string, origin: Plan['origin']): Plan {
  if (text.length > maxPlanBytes)
    throw new DrydockError('ResultInvalid', `The plan is longer than ${maxPlanBytes} characters.`);
  const document = parseDocument(text, { uniqueKeys: true, maxAliasCount: 0 } as never);
  if (document.errors.length > 0) {
    throw new DrydockError(
      'ResultInvalid',
      `The plan is not YAML: ${document.errors.map((e) => e.message).join('; ')}`,
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const parsed = plan.safeParse(typeof value === 'object' && value !== null ? { ...value, origin } : value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'plan'}: ${issue.message}`);
  throw new DrydockError('ResultInvalid', `The plan has faults: ${faults.join('; ')}`);
}
