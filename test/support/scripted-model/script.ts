/** What a scripted model does in a turn, apart from the interface in which it says so. */
type Step =
  | { run: string }
  | { edit: { path: string; before: string; after: string } }
  | { use: { tool: Tool; input: Record<string, unknown> } };
interface Turn {
  text: string;
  steps: Step[];
}
/** The turns of a conversation, chosen by the text of its request and the tools that it offers. */
export type Script = (request: string, tools: readonly Tool[]) => Turn[];

/** A tool as an agent offers it. */
export interface Tool {
  name: string;
  schema: { properties?: Record<string, { type?: string }>; required?: string[] } | undefined;
  /** A tool with a text for its input, as codex has for patches. */
  custom: boolean;
  /** Of a tool of a server, as codex has them. */
  namespace?: string;
}
interface Call {
  tool: Tool;
  input: string | Record<string, unknown>;
}
export interface Answer {
  text: string;
  calls: Call[];
}

const shells = ['Bash', 'bash', 'exec_command', 'run_shell_command', 'shell_command', 'shell'];
const editors = ['Edit', 'edit', 'replace'];
const paths = ['file_path', 'filePath', 'path'];
const olds = ['old_string', 'oldString', 'oldText'];
const news = ['new_string', 'newString', 'newText'];

const offered = (tools: readonly Tool[], names: readonly string[]): Tool | undefined =>
  names.map((name) => tools.find((tool) => tool.name === name)).find((tool) => tool !== undefined);

/** The arguments of a tool: each value under the first of its names that the tool has, and something for what it requires. */
function filled({ schema }: Tool, values: [readonly string[], unknown][]): Record<string, unknown> {
  const properties = schema?.properties ?? {};
  const input: Record<string, unknown> = {};
  for (const [names, value] of values) {
    const name = names.find((each) => each in properties);
    if (name !== undefined) input[name] = value;
  }
  for (const name of schema?.required ?? [])
    input[name] ??= properties[name]?.type === 'boolean' ? false : 'a step of the script';
  return input;
}

function callOf(step: Step, tools: readonly Tool[]): Call {
  if ('run' in step) {
    const tool = offered(tools, shells);
    if (tool === undefined) throw new Error(`no shell among ${tools.map(({ name }) => name).join(', ')}`);
    const isList = tool.schema?.properties?.command?.type === 'array';
    return { tool, input: filled(tool, [[['command', 'cmd'], isList ? ['bash', '-lc', step.run] : step.run]]) };
  }
  if ('use' in step) return step.use;
  const { path, before, after } = step.edit;
  const patch = tools.find(({ name, custom }) => name === 'apply_patch' && custom);
  const lines = [...before.split('\n').map((line) => `-${line}`), ...after.split('\n').map((line) => `+${line}`)];
  const text = `*** Begin Patch\n*** Update File: ${path}\n@@\n${lines.join('\n')}\n*** End Patch`;
  if (patch !== undefined) return { tool: patch, input: text };
  // Without the tool, codex takes such a command as the tool.
  if (offered(tools, ['exec_command']) !== undefined)
    return callOf({ run: `apply_patch <<'PATCH'\n${text}\nPATCH` }, tools);
  const tool = offered(tools, editors);
  if (tool === undefined) {
    const program = `const fs=require('fs');const f=${JSON.stringify(path)};fs.writeFileSync(f,fs.readFileSync(f,'utf8').replace(${JSON.stringify(before)},()=>${JSON.stringify(after)}))`;
    return callOf({ run: `node -e '${program.replaceAll("'", `'\\''`)}'` }, tools);
  }
  if (tool.schema?.properties?.edits !== undefined)
    return {
      tool,
      input: filled(tool, [
        [paths, path],
        [['edits'], [{ oldText: before, newText: after }]],
      ]),
    };
  return {
    tool,
    input: filled(tool, [
      [paths, path],
      [olds, before],
      [news, after],
    ]),
  };
}

/** The answer to a request that holds the outcomes of `done` turns. A request without tools is for a title, or the like. */
export function play(script: Script, request: string, tools: readonly Tool[], done: number): Answer {
  if (tools.length === 0) return { text: 'A title', calls: [] };
  const turns = script(request, tools);
  const turn = turns[Math.min(done, turns.length - 1)] ?? { text: 'Done.', steps: [] };
  return { text: turn.text, calls: turn.steps.map((step) => callOf(step, tools)) };
}
