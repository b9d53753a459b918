import assert from 'node:assert/strict';

const { addMonths } = await import('/work/src/date.js');
for (const [date, months, expected] of [
  ['2026-01-31', 1, '2026-02-28'],
  ['2028-01-31', 1, '2028-02-29'],
  ['2026-03-31', -1, '2026-02-28'],
  ['2026-12-31', 2, '2027-02-28'],
  ['2026-01-15', 12, '2027-01-15'],
])
  assert.equal(addMonths(date, months), expected);
