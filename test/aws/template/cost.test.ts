import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { costDocument, costsOf } from '../../../scripts/cost/document.ts';
import { readPrices } from '../../../scripts/cost/prices.ts';
import { root, synthesizeHere, type Template } from '../../support/aws/template.ts';

const prices = readPrices();
const templates = (zones?: number): Template[] => {
  const { kept, run } = synthesizeHere(zones === undefined ? {} : { zones });
  return [kept, run];
};
const one = templates();
const costs = costsOf(one, prices);

describe('what a deployment costs', () => {
  test('is under 25 USD a month at rest in one zone, endpoints and all (R38)', () => {
    expect(costs.idleUsd).toBeLessThan(25);
    expect(costs.idle[0]).toMatchObject({ name: 'Interface endpoints of ECR', usd: 14.6 });
  });

  test('grows by two endpoints with each zone, and by nothing else', () => {
    expect(costsOf(templates(2), prices).idleUsd - costs.idleUsd).toBeCloseTo(14.6, 6);
  });

  test('of a run is that of its sandboxes first', () => {
    expect(costs.run[0]?.name).toBe('Fargate: sandbox');
    expect(costs.runUsd).toBeLessThan(0.1);
  });

  test('stands in docs/cost.md as `npm run cost` writes it', () => {
    expect(readFileSync(join(root, 'docs/cost.md'), 'utf8')).toBe(costDocument(costs, prices));
  });

  test('is not guessed: an unknown type of resource and a missing price are errors', () => {
    const strange = { Resources: { New: { Type: 'AWS::New::Thing' } } };
    expect(() => costsOf([...one, strange as never], prices)).toThrow('AWS::New::Thing');
    const { secretMonth: _gone, ...rest } = prices.prices;
    expect(() => costsOf(one, { ...prices, prices: rest })).toThrow('secretMonth');
  });

  test('has a source for each price, and each price is used', () => {
    for (const name of Object.keys(prices.prices)) {
      const { [name]: _gone, ...rest } = prices.prices;
      const used = (() => {
        try {
          costsOf([...one, { Resources: { Nat: { Type: 'AWS::EC2::NatGateway' } } } as never], {
            ...prices,
            prices: rest,
          });
          return false;
        } catch {
          return true;
        }
      })();
      expect({ name, used }).toEqual({ name, used: true });
    }
  });
});
