import { Copy, DockerfileParser, From, type Instruction, JSONInstruction } from 'dockerfile-ast';

/** One instruction as written, its lines joined and comments between them left out. */
export interface Step {
  keyword: string;
  /** What follows the keyword, without flags. */
  text: string;
  /** `--from=tools` → `{from: 'tools'}`. */
  flags: Record<string, string>;
  /** Arguments of the exec form, `["a", "b"]`; undefined for the shell form. */
  list: string[] | undefined;
  /** Line number, from 1. */
  line: number;
}

export interface Stage {
  /** Text as written, with variables not expanded. */
  base: string;
  name: string | undefined;
  line: number;
  steps: Step[];
}

export interface Dockerfile {
  /** Defaults of the `ARG`s before the first stage; undefined for an `ARG` without a default. */
  globals: Map<string, string | undefined>;
  stages: Stage[];
  /** Lines that begin with `# syntax=` and the like. */
  directives: string[];
}

export function parseDockerfile(text: string): Dockerfile {
  const parsed = DockerfileParser.parse(text);
  const globals = new Map<string, string | undefined>();
  const stages: Stage[] = [];
  for (const instruction of parsed.getInstructions()) {
    const step = stepOf(instruction);
    if (instruction instanceof From) {
      stages.push({
        base: instruction.getImage() ?? '',
        name: instruction.getBuildStage() ?? undefined,
        line: step.line,
        steps: [],
      });
    } else if (stages.length > 0) stages.at(-1)?.steps.push(step);
    else if (step.keyword === 'ARG') globals.set(...argument(step.text));
    else throw new Error(`line ${step.line}: ${step.keyword} before the first FROM`);
  }
  return { globals, stages, directives: parsed.getDirectives().map((directive) => directive.toString()) };
}

/** `NAME="a b"` → `['NAME', 'a b']`. */
export function argument(text: string): [string, string | undefined] {
  const [, name = text, value] = /^(\w+)=(.*)$/s.exec(text.trim()) ?? [];
  return [name, value?.replace(/^"(.*)"$/s, '$1')];
}

function stepOf(instruction: Instruction): Step {
  const keyword = instruction.getKeyword();
  const flags: Record<string, string> = {};
  if (instruction instanceof Copy)
    for (const flag of instruction.getFlags()) flags[flag.getName()] = flag.getValue() ?? '';
  const text = (instruction.getArgumentsContent() ?? '').trim();
  const list =
    instruction instanceof JSONInstruction && text.startsWith('[') ? (JSON.parse(text) as string[]) : undefined;
  return { keyword, text, flags, list, line: instruction.getRange().start.line + 1 };
}
