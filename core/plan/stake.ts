import type { Plan } from './schema.ts';

export const counted = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

/** What a plan asks for, in a sentence. */
export function planStake({ phases, risks, impact }: Plan): string {
  const checkpoints = phases.filter(({ checkpoint }) => checkpoint).length;
  const parts = [
    [phases.length, 'phase'],
    [checkpoints, 'checkpoint'],
    [impact.breaking_changes.length, 'breaking change'],
    [risks.length, 'risk'],
  ] as const;
  return `${parts.flatMap(([n, name]) => (n > 0 ? [counted(n, name)] : [])).join(', ')}.`;
}
