// The agents of the campaign demo where no agent with a model is installed: any program may be one. It stands in the
// repository, has the task on standard input, and what it changes is collected when it ends.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folders = ['cart', 'orders', 'users'];
const out = process.env.DRYDOCK_OUT;
const prompt = readFileSync(process.env.DRYDOCK_PROMPT_FILE, 'utf8');
const money = 'test/support/money.js';
const helper = (lines) =>
  `import assert from 'node:assert/strict';\n\n/** Compares two amounts. */\nexport function checkMoney(title, amount, expected) {\n${lines.join('\n')}\n}\n`;
const whole = ['  assert.deepEqual(amount, expected, title);'];
const fields = ['cents', 'currency'].map((name) => `  assert.equal(amount.${name}, expected.${name}, title);`);

/** The parts, as the coordinator plans them: one folder for each agent. */
function plan() {
  const parts = folders.map((id) => ({
    id,
    role: 'test engineer',
    title: `Migrate the tests of ${id}`,
    instructions: `Rewrite the files in test/${id} from check() to node:test with node:assert/strict.${id === 'users' ? '' : ` checkMoney in ${money} must use node:assert/strict.`}`,
    target_paths: [`test/${id}/**`, ...(id === 'users' ? [] : [money])],
    success_criteria: [{ says: `no file in test/${id} uses check()`, run: `! grep -rl support/check test/${id}` }],
  }));
  const phases = [
    { name: 'Migrate the tests', files: ['test/**'], steps: ['Each folder is a part'], tests: ['npm test'] },
  ];
  writeFileSync(`${out}/plan.yaml`, JSON.stringify({ summary: 'One folder for each of three agents.', phases, parts }));
}

/** `check('title', value === expected)` and `checkMoney(...)` as tests of the same title. */
function migrate(file) {
  const [imports, , , call] = readFileSync(file, 'utf8').split('\n');
  const title = /'([^']*)'/.exec(call)[1];
  const ofMoney = call.startsWith('checkMoney');
  const compared = /^check\('[^']*', (.*) === (.*)\);$/.exec(call);
  const body = ofMoney ? call : `assert.equal(${compared[1]}, ${compared[2]});`;
  const head = ofMoney ? [] : ["import assert from 'node:assert/strict';"];
  const helpers = ofMoney ? ["import { checkMoney } from '../support/money.js';"] : [];
  const lines = [
    ...head,
    "import test from 'node:test';",
    imports,
    ...helpers,
    '',
    `test('${title}', () => {`,
    `  ${body}`,
    '});',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
}

/** What would have avoided the conflict. */
function learn() {
  const text =
    'Helpers below test/support are used by tests of several folders. When the work is shared, give a helper to one part only.';
  const lesson = { slug: 'one-helper-one-part', applies_to: ['test/**'], text };
  writeFileSync(`${out}/learn.json`, JSON.stringify({ new: [lesson] }));
}

if (process.env.DRYDOCK_PHASE === 'plan') plan();
else if (process.env.DRYDOCK_PHASE === 'learn') learn();
else if (readFileSync(money, 'utf8').includes('<<<<<<<')) writeFileSync(money, helper(whole));
else {
  const part = folders.find((id) => prompt.includes(`/${id}: `));
  for (const name of readdirSync(`test/${part}`)) migrate(`test/${part}/${name}`);
  if (part !== 'users') writeFileSync(money, helper(part === 'cart' ? whole : fields));
  console.log(`Migrated test/${part}`);
}
