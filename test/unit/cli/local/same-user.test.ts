import { expect, test } from 'vitest';
import { fromSameUser, parseTcpTable } from '../../../../cli/local/same-user.ts';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (n: number, local: string, remote: string, uid: number): string =>
  `   ${n}: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  ${uid}        0 1062 1 000000003ecb8eaf 100 0 0 10 0\n`;
const listener = row(0, '0100007F:1E25', '00000000:0000', 1000);
const ports = { peer: 0xb235, own: 0x1e25 };
const from = (...rows: string[]) => fromSameUser(parseTcpTable(header + rows.join('')), ports, 1000);

test('R24 a connection of this user or of root is taken, of another user not', () => {
  expect(from(listener, row(1, '0100007F:B235', '0100007F:1E25', 1000))).toBe(true);
  expect(from(listener, row(1, '0100007F:B235', '0100007F:1E25', 0))).toBe(true);
  expect(from(listener, row(1, '0100007F:B235', '0100007F:1E25', 1001))).toBe(false);
});

test('the same ports from a second loopback address do not help another user', () => {
  const own = row(1, '0100007F:B235', '0100007F:1E25', 1000);
  expect(from(listener, own, row(2, '0200007F:B235', '0100007F:1E25', 1001))).toBe(false);
});

test('a peer that is not listed is refused, unless the table does not list us either', () => {
  expect(from(listener)).toBe(false);
  expect(from()).toBe(true);
});

test('reads nothing from lines of another shape', () => {
  expect(parseTcpTable(`${header}nonsense\n\n`)).toEqual([]);
});
