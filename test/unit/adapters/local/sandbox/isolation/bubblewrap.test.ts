import { expect, test } from 'vitest';
import { innerMounts, systemMounts } from '../../../../../../adapters/local/sandbox/isolation/bubblewrap.ts';

test('the inner layer sees what the outer one does, with one mount for the files of /etc', () => {
  const system = systemMounts('/of/the/phase');
  const inner = innerMounts([...system, ['/host/go', '/opt/go']]);
  expect(inner.filter(([, to]) => to.startsWith('/etc'))).toEqual([['/etc', '/etc']]);
  // Each path of the outer layer is below a mount of the inner one, and none is mounted from the host.
  for (const [, to] of system) expect(inner.some(([, path]) => to === path || to.startsWith(`${path}/`))).toBe(true);
  expect(inner).toContainEqual(['/opt/go', '/opt/go']);
  expect(inner.map(([from]) => from)).toEqual(inner.map(([, to]) => to));
});
