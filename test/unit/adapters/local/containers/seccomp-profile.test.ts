import { expect, test } from 'vitest';
import { seccompProfile } from '../../../../../adapters/local/containers/seccomp-profile.ts';

test('the filter names each call and each family of sockets once, and lets the usual families through', () => {
  const { syscalls } = seccompProfile() as {
    syscalls: { names: string[]; args?: { value: number; op: string }[] }[];
  };
  const whole = syscalls.filter(({ args }) => args === undefined).flatMap(({ names }) => names);
  expect(new Set(whole).size).toBe(whole.length);
  const families = syscalls.filter(({ names }) => names.includes('socket')).flatMap(({ args = [] }) => args);
  const refused = families.filter(({ op }) => op === 'SCMP_CMP_EQ').map(({ value }) => value);
  expect([1, 2, 10, 16].filter((family) => refused.includes(family))).toEqual([]);
  expect([17, 38, 40].every((family) => refused.includes(family))).toBe(true);
  expect(families.filter(({ op }) => op === 'SCMP_CMP_GE').map(({ value }) => value)).toEqual([64]);
});
