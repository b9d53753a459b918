/**
 * `node --expose-gc fuzz-child.ts PARSER SEED COUNT`: feeds one parser, and prints what came of it as JSON. A process of
 * its own for each, with a small heap: what one parser keeps, or a parser that does not end, is seen.
 */
import { type FuzzReport, inputOf, maxGrowth, type Parser } from './parser.ts';
import { parsers } from './parsers/index.ts';
import { Random } from './random.ts';

/** Output beside what each byte of input may cause: field names, messages, defaults. */
const constantOutput = 8 * 1024;
const small = 8 * 1024;
const factor = 8;
/** Nobody waits for less, whatever the growth is. Milliseconds. */
const unnoticed = 50;

const [name = '', seed = '1', count = '1'] = process.argv.slice(2);
const parser = parsers[name];
if (parser === undefined) throw new Error(`no parser ${name}`);
const show = (input: Buffer): string => input.subarray(0, 500).toString('latin1');

/** Parses one input; the fault is what must not be. */
async function run({ parse, errors = [], outputPerByte = 2 }: Parser, input: Buffer) {
  try {
    const { valid, output } = await parse(input);
    const bytes = Buffer.byteLength(JSON.stringify(output) ?? '');
    const max = input.length * outputPerByte + constantOutput;
    return { valid, fault: bytes > max ? `${bytes} bytes of output of ${input.length} bytes` : undefined };
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    if (errors.includes(name) && message.length < constantOutput) return { valid: false, fault: undefined };
    return { valid: false, fault: `${name}: ${message.slice(0, 300)} ${stack?.split('\n')[1] ?? ''}` };
  }
}

/** Time of the processor for one input, the least of several: other work of the machine does not count. */
async function msOf(input: Buffer, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i += 1) {
    globalThis.gc?.();
    const start = process.cpuUsage();
    await run(parser as Parser, input);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}
const filled = ({ before = '', unit, after = '' }: Parser['grows'][number], length: number): Buffer =>
  Buffer.from(before + unit.repeat(Math.ceil(length / unit.length)) + after);

/** How much longer an input of eight times the length takes; 0 for a time that nobody notices. */
async function growth(grows: Parser['grows'][number]): Promise<number> {
  const large = filled(grows, small * factor);
  let growth = Number.POSITIVE_INFINITY;
  // Quadratic work is seen each time; a run that was slow for another reason is not.
  for (let attempt = 0; attempt < 3 && growth > maxGrowth; attempt += 1) {
    const ms = await msOf(large, attempt === 0 ? 1 : 5);
    if (ms < unnoticed) return 0;
    growth = ms / Math.max(1, await msOf(filled(grows, small), 5));
  }
  return growth;
}

/** Memory that cannot be given back. What streams hold goes in a later turn. */
async function heapMb(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

const random = new Random(Number(seed));
const report: FuzzReport = { valid: 0, invalid: 0, faults: [], keptMb: 0, slow: [] };
// The first inputs fill what is made once: schemas, caches, compiled code.
for (let i = 0; i < 2_000; i += 1) await run(parser, inputOf(parser, random));
const before = await heapMb();
for (let i = 0; i < Number(count); i += 1) {
  const input = inputOf(parser, random);
  const { valid, fault } = await run(parser, input);
  if (valid) report.valid += 1;
  else report.invalid += 1;
  if (fault !== undefined && report.faults.length < 5)
    report.faults.push(`${fault} for ${JSON.stringify(show(input))}`);
}
report.keptMb = (await heapMb()) - before;
for (const grows of parser.grows) {
  const { fault } = await run(parser, filled(grows, small * factor));
  if (fault !== undefined) report.faults.push(`${fault} for ${JSON.stringify(grows)}`);
  const times = await growth(grows);
  report.slow.push({ ...grows, times });
}
process.stdout.write(JSON.stringify(report));
