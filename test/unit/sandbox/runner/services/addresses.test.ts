import { expect, test } from 'vitest';
import { addressHints } from '../../../../../sandbox/runner/services/addresses.ts';

const service = (port: number) => ({ image: 'x', env: {}, port });

test('a name that leads nowhere is told with the address that works; one that is known is not', () => {
  expect(addressHints({ localhost: service(6379), 'no-such-name': service(5432) })).toEqual([
    'The service no-such-name is reached at 127.0.0.1:5432 here, not by its name.',
  ]);
  expect(addressHints({})).toEqual([]);
});
