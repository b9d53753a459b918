import { roundHalfEven } from './round.js';

/** Total of an invoice in cents: each line is rounded, then summed. */
export function total(lines) {
  return lines.reduce((sum, line) => sum + roundHalfEven(line.quantity * line.unitCents), 0);
}
