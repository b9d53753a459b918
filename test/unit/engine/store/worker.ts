/**
 * A process for the crash test: `worker.ts JOURNAL start|resume COUNT`. Its functions print what they do; the parent
 * kills it in the middle, and a second one takes up the rest.
 */
import { writeSync } from 'node:fs';
import type { State } from '../../../../engine/asl/types.ts';
import { Engine } from '../../../../engine/engine.ts';

const [file = '', mode = '', count = '0'] = process.argv.slice(2);
const length = 6;
const stepOf = (i: number): State => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: `S${i}`, Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  TimeoutSeconds: 600,
  Next: i + 1 < length ? `S${i + 1}` : 'Done',
});
const engine = Engine.open({
  file,
  name: 'crash',
  definition: {
    QueryLanguage: 'JSONata',
    StartAt: 'S0',
    States: {
      ...Object.fromEntries(Array.from({ length }, (_, i) => [`S${i}`, stepOf(i)])),
      Done: { Type: 'Succeed' },
    },
  },
  async invoke(step, payload, { execution }) {
    writeSync(1, `call ${execution} ${step}\n`);
    return { n: (payload as { n: number }).n + 1 };
  },
});
const names = Array.from({ length: Number(count) }, (_, i) => `r-${i}`);
if (mode === 'resume') await engine.resume();
await Promise.all(
  names.map(async (name) => {
    if (engine.describe(name) === undefined) await engine.start(name, { n: 0 });
    const { status, output } = await engine.done(name);
    writeSync(1, `end ${name} ${status} ${JSON.stringify(output)}\n`);
  }),
);
await engine.close();
