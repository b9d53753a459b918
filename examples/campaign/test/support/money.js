import { check } from './check.js';

/** Compares two amounts. */
export function checkMoney(title, amount, expected) {
  check(title, amount.cents === expected.cents && amount.currency === expected.currency);
}
