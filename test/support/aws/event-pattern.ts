/**
 * Whether an event matches a pattern of EventBridge, as far as ours go: lists of values, `anything-but`, `exists`, `$or`,
 * objects within. Anything else is refused. Lists in an event match by any of their elements.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matches(pattern: unknown, event: unknown): boolean {
  return Object.entries(pattern as Record<string, unknown>).every(([field, wanted]) => {
    if (field === '$or') return (wanted as unknown[]).some((one) => matches(one, event));
    const values = (Array.isArray(event) ? event : [event]).flatMap((one) => {
      const value = (one as Record<string, unknown> | undefined)?.[field];
      return value === undefined ? [] : value;
    });
    if (Array.isArray(wanted)) return wanted.some((rule) => fits(rule, values));
    return matches(wanted, values);
  });
}

function fits(rule: unknown, values: unknown[]): boolean {
  if (typeof rule !== 'object' || rule === null) return values.includes(rule);
  const [[name, operand] = []] = Object.entries(rule);
  if (name === 'exists') return operand === values.length > 0;
  if (name === 'anything-but') return values.some((value) => !(operand as unknown[]).includes(value));
  throw new Error(`the pattern uses ${name}, which is not known here`);
}
