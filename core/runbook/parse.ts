import { oneLine } from '../publish/escape.ts';
import { gitBlobSha } from '../task-spec/fingerprint.ts';
import { type ReadFrontMatter, readFrontMatter } from '../task-spec/front-matter.ts';
import { hiddenContent } from '../task-spec/hidden/content.ts';
import { type Fault, toProblems } from '../task-spec/text.ts';
import { markdownName } from '../text/file-name.ts';
import { isFault, mayStandInCommand, readValue, sampleOf } from './parameters.ts';
import { type ReadRunbook, type Runbook, runbookSchema } from './schema.ts';
import { isCommand, mentionsIn, mentionsOf } from './substitute.ts';
import { readUse } from './use.ts';

type Located = Runbook & { locate(path: readonly PropertyKey[], key?: boolean): number; bodyStart: number };

/** Parses and checks a runbook; reports all problems at once. @param file Path; its name is the name of the runbook. */
export function readRunbook(file: string, bytes: Uint8Array): ReadRunbook {
  const front = readFrontMatter(bytes, runbookSchema, 'runbook');
  const { text, faults, document, body } = front;
  const guide = body.text.trim();
  const data = front.data && { ...front.data, guide, digest: gitBlobSha(bytes) };
  if (data && document) {
    faults.push(...faultsOf(file, { ...data, locate: document.locate, bodyStart: body.start }));
    for (const { what, offset, text: hidden } of hiddenContent(text)) {
      const message = `${what} is not displayed, and the agent reads it: “${oneLine(hidden).slice(0, 120)}”`;
      faults.push({ severity: 'warning', rule: 'hidden-content', message, offset });
    }
  }
  const { data: _front, ...rest } = front;
  const read: ReadFrontMatter<Runbook> = { ...rest, ...(data ? { data } : {}) };
  // With faults of its own, the spec that it makes would only repeat them.
  if (data && faults.every(({ severity }) => severity === 'warning')) {
    const values = Object.fromEntries(Object.entries(data.parameters).map(([name, each]) => [name, sampleOf(each)]));
    const use = readUse(file, read, data, values, { repository: 'sample/sample', targetBranch: 'main' });
    // Values decide the rest of the rules.
    faults.push(...use.read.faults.filter(({ rule }) => sampleRules.has(rule)));
  }
  const problems = toProblems(text, faults);
  const isValid = problems.every(({ severity }) => severity !== 'error');
  return { file, problems, read, ...(data && isValid ? { runbook: data } : {}) };
}

/** Faults of a spec that no value can mend. */
const sampleRules: ReadonlySet<string> = new Set(['unknown-key', 'required', 'type', 'instructions-twice']);

function faultsOf(file: string, runbook: Located): Fault[] {
  const { locate, parameters, spec, guide, bodyStart, triggers } = runbook;
  const faults: Fault[] = [];
  const fault = (rule: string, message: string, offset: number, severity: Fault['severity'] = 'error'): void =>
    void faults.push({ severity, rule, message, offset });
  const name = markdownName(file);
  if (name !== runbook.runbook)
    fault('name', `The file of this runbook has to be named ${runbook.runbook}.md.`, locate(['runbook']));
  if (guide === '') fault('required', 'The runbook has no guide below its front matter.', bodyStart);
  for (const field of ['instructions', 'runbook'])
    if (Object.hasOwn(spec, field)) {
      const why = field === 'runbook' ? 'Drydock writes it' : 'the text below the front matter is the instructions';
      fault('field', `Remove spec.${field}: ${why}.`, locate(['spec', field], true));
    }

  const { values, keys } = mentionsOf(spec, ['spec']);
  for (const { path } of keys)
    fault('placeholder', 'A name of a field may not contain a parameter.', locate(path, true));
  const inGuide = mentionsIn(guide);
  const offsetOf = ({ path, offset }: { path: readonly PropertyKey[]; offset: number }): number =>
    path.length === 0 ? bodyStart + offset : locate(path);
  for (const mention of [...values, ...inGuide]) {
    const definition = Object.hasOwn(parameters, mention.name) ? parameters[mention.name] : undefined;
    const shown = `\${${mention.name}}`;
    if (definition === undefined)
      fault(
        'placeholder',
        `${shown} is not a parameter. Define it, or write $${shown} for the text itself.`,
        offsetOf(mention),
      );
    else if (isCommand(mention.path) && !mayStandInCommand(definition))
      fault(
        'in-command',
        `${shown} has the type ${definition.type}, whose values may not stand in a command. Use word, integer, number, boolean, path, or a string with an enum of words.`,
        offsetOf(mention),
      );
  }
  const used = new Set([...values, ...inGuide].map((mention) => mention.name));
  for (const [id, definition] of Object.entries(parameters)) {
    if (!used.has(id)) fault('unused', `Nothing uses the parameter "${id}".`, locate(['parameters', id]), 'warning');
    const { default: byDefault, enum: known, ...type } = definition;
    for (const [i, each] of (known ?? []).entries()) {
      const read = readValue(type, each);
      if (isFault(read)) fault('enum', `${String(each)} ${read.fault}`, locate(['parameters', id, 'enum', i]));
    }
    const read = byDefault === undefined ? undefined : readValue(definition, byDefault);
    if (read !== undefined && isFault(read))
      fault('default', `The default ${read.fault}`, locate(['parameters', id, 'default']));
  }
  for (const [i, trigger] of triggers.entries()) {
    if ('command' in trigger) continue;
    const given = trigger.parameters ?? {};
    const at = (field: string): number => locate(['triggers', i, 'parameters', field]);
    for (const [id, value] of Object.entries(given)) {
      const definition = Object.hasOwn(parameters, id) ? parameters[id] : undefined;
      const checked = definition && readValue(definition, value);
      if (checked === undefined) fault('parameter', `The runbook has no parameter "${id}".`, at(id));
      else if (isFault(checked)) fault('parameter', `"${id}" ${checked.fault}`, at(id));
    }
    for (const [id, definition] of Object.entries(parameters))
      if (definition.default === undefined && !Object.hasOwn(given, id))
        fault('parameter', `The trigger gives no value for "${id}", which has no default.`, locate(['triggers', i]));
  }
  return faults;
}
