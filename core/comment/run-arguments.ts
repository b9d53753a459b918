/** What `/drydock run` names. */
export interface RunArguments {
  runbook: string;
  parameters: Record<string, string>;
}

/** More than any runbook has. */
const maxPairs = 50;

/**
 * The runbook and the parameters of `/drydock run RUNBOOK NAME=VALUE NAME="TWO WORDS"`; a text with the reason for one that
 * cannot be read. Nothing in it is run by a shell.
 */
export function readRunArguments(text: string): RunArguments | string {
  const words = [...text.matchAll(/(?:[^\s"]|"[^"\n]*"?)+/g)].map(([word]) => word);
  const [runbook = '', ...pairs] = words;
  if (pairs.length > maxPairs) return `At most ${maxPairs} parameters can be given.`;
  const parameters: [string, string][] = [];
  for (const pair of pairs) {
    const [whole, name = '', quoted, bare = ''] = /^([^=\s"]{1,60})=(?:"([^"]*)"|([^"]*))$/.exec(pair) ?? [];
    if (whole === undefined) return `"${pair.slice(0, 60)}" has to be NAME=VALUE or NAME="VALUE".`;
    if (parameters.some(([other]) => other === name)) return `"${name}" is given twice.`;
    parameters.push([name, quoted ?? bare]);
  }
  return { runbook, parameters: Object.fromEntries(parameters) };
}
