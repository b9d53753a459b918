// `npm run deploy-policy`: reads the synthesized templates (cdk.out, or the folder named), writes docs/deploy-policy.json.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTemplates } from '../cost/template.ts';
import { deployPolicies } from './document.ts';

const root = resolve(import.meta.dirname, '../..');
const policies = deployPolicies(readTemplates(resolve(process.argv[2] ?? join(root, 'cdk.out'))));
writeFileSync(join(root, 'docs/deploy-policy.json'), `${JSON.stringify(policies, null, 2)}\n`);
