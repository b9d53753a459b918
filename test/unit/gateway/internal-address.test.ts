import { expect, test } from 'vitest';
import { waysOut } from '../../../gateway/internal-address.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
test.each([
  ['a network without a way out', `${header}\neth0\t0000590A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`, []],
  [
    'two networks, one with a default route',
    `${header}\neth1\t00000000\t0100580A\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t0000590A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`,
    ['eth1'],
  ],
  ['no table', '', []],
])('%s', (_name, table, out) => {
  expect([...waysOut(table)]).toEqual(out);
});
