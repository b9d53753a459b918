// `npm run cost`: reads the synthesized templates (cdk.out, or the folder named), writes docs/cost.md, prints both sums.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { costDocument, costsOf } from './document.ts';
import { readPrices } from './prices.ts';
import { readTemplates } from './template.ts';

const root = resolve(import.meta.dirname, '../..');
const prices = readPrices();
const costs = costsOf(readTemplates(resolve(process.argv[2] ?? join(root, 'cdk.out'))), prices);
writeFileSync(join(root, 'docs/cost.md'), costDocument(costs, prices));
process.stdout.write(`${JSON.stringify({ ...costs, region: prices.region, date: prices.date }, null, 2)}\n`);
