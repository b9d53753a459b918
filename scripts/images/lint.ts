import { argument, type Dockerfile, parseDockerfile, type Stage, type Step } from './dockerfile.ts';

export interface Fault {
  line: number;
  rule: string;
  message: string;
}

/** Instructions that our Dockerfiles may use. A new one needs support here and in run.ts. */
const known = ['ARG', 'RUN', 'COPY', 'ENV', 'USER', 'VOLUME', 'WORKDIR', 'ENTRYPOINT'];
/** A digest, or a variable for one or for a whole reference. */
const digest = /(?:@sha256:[0-9a-f]{64}|(?:^|@)\$\{(\w+)\})$/;
/** The base that has everything of the Node image. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the Dockerfile
const ofNode = '${NODE}';
const secretName = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY/i;

/**
 * Checks a Dockerfile of an image against our rules and returns the faults by line.
 * @param text Contents of a Dockerfile.
 */
export function lintDockerfile(text: string): Fault[] {
  const file = parseDockerfile(text);
  const faults: Fault[] = [];
  const say = (line: number, rule: string, message: string): void => void faults.push({ line, rule, message });
  for (const directive of file.directives) say(1, 'directive', `${directive}: a frontend would be fetched by its tag`);
  file.stages.forEach((stage, at) => {
    pinned(file, stage, at, say);
    for (const step of stage.steps) lintStep(step, stage, file, say);
  });
  const last = file.stages.at(-1);
  if (last) lintImage(last, say);
  else say(1, 'base', 'no FROM');
  return faults;
}

type Say = (line: number, rule: string, message: string) => void;

/** A digest, or a variable for one without a default, so that no image can be built on a tag. */
function pinned(file: Dockerfile, { base, line }: Stage, at: number, say: Say): void {
  if (file.stages.slice(0, at).some(({ name }) => name === base)) return;
  const match = digest.exec(base);
  if (match === null) say(line, 'base', `${base} is not pinned by a digest`);
  const variable = match?.[1];
  if (variable === undefined) return;
  if (!file.globals.has(variable)) say(line, 'base', `${variable} is no ARG before the first FROM`);
  if (file.globals.get(variable) !== undefined) say(line, 'base', `${variable} has a default`);
}

function lintStep(step: Step, stage: Stage, file: Dockerfile, say: Say): void {
  const { keyword, text, line, flags, list } = step;
  if (!known.includes(keyword)) say(line, 'instruction', `${keyword} is not used here`);
  if (keyword === 'COPY' && flags.from !== undefined && !file.stages.some(({ name }) => name === flags.from))
    say(line, 'base', `COPY from ${flags.from}, which is no stage of this file`);
  if ((keyword === 'ENTRYPOINT' || keyword === 'VOLUME') && list === undefined)
    say(line, 'exec-form', `${keyword} wants a JSON array`);
  if (keyword === 'ARG' || keyword === 'ENV') {
    const [name] = argument(text);
    if (secretName.test(name)) say(line, 'secret', `${name} would be in the image for all to read`);
  }
  if (keyword === 'VOLUME') for (const path of list ?? []) owned(path, step, stage, say);
  if (keyword === 'RUN') lintRun(step, say);
}

/** An earlier step of the stage must give a volume's folder to the user. */
function owned(path: string, step: Step, stage: Stage, say: Say): void {
  const made = stage.steps
    .slice(0, stage.steps.indexOf(step))
    .flatMap(({ keyword, text }) => (keyword === 'RUN' ? text.split('&&') : []))
    .some((command) => /install -d -o 1000 -g 1000 /.test(command) && command.split(/\s+/).includes(path));
  if (!made) say(step.line, 'volume', `${path} is not made as user 1000's before it is declared`);
}

const installers =
  /\b(?:pip3?|pipx|cargo|gem|go) install\b|\bnpm (?:install|i|add|exec)\b|(?:^|[\s;&|(])npx\s|\bgo get\b/;

function lintRun({ text, line, list }: Step, say: Say): void {
  if (list !== undefined) return;
  if (/\b(?:curl|wget)\b|https?:\/\//.test(text))
    say(line, 'fetch', 'fetches by itself: use a package with a checksum');
  if (/\|\s*(?:\/bin\/)?(?:ba|da)?sh\b/.test(text)) say(line, 'fetch', 'pipes into a shell');
  if (installers.test(text)) say(line, 'versions', 'installs without a lock file');
  if (/\bnpm ci\b/.test(text) && !/\bnpm ci\b[^&|;]*--ignore-scripts/.test(text))
    say(line, 'versions', 'npm ci lets every package run its scripts');
  if (/\b(?:sudo|gosu|su-exec)\b|openssh-server/.test(text)) say(line, 'privilege', 'nobody becomes somebody else');
  if (/\bchmod\b[^&|;]*(?:777|[ugoa]*\+s|\b[2467]\d{3}\b)/.test(text)) say(line, 'privilege', 'opens a mode');
  if (!/\bapt(?:-get)?\b/.test(text)) return;
  if (/\bapt\s/.test(text)) say(line, 'apt', 'apt is for people; use apt-get');
  if (/\bapt-get\s+(?:dist-)?upgrade\b/.test(text)) say(line, 'apt', 'upgrades what the digest pins');
  if (!/\bapt-get install\b/.test(text)) return;
  if (!/^apt-get update\s*&&/.test(text)) say(line, 'apt', 'installs from lists of another step');
  if (!text.includes('--no-install-recommends')) say(line, 'apt', 'installs what is only recommended');
  if (!/--yes\b|-y\b/.test(text)) say(line, 'apt', 'asks a question');
  if (!/&& rm -rf \/var\/cache\/apt\/\* \/var\/lib\/apt\/lists\/\*\s*$/.test(text))
    say(line, 'apt', 'leaves its lists behind');
}

/** Checks of the stage that becomes the image. */
function lintImage({ base, steps, line }: Stage, say: Say): void {
  const inherits = base === ofNode;
  for (const keyword of ['ENTRYPOINT', 'VOLUME'])
    if (!inherits && !steps.some((step) => step.keyword === keyword)) say(line, 'image', `has no ${keyword}`);
  const last = (is: (step: Step) => boolean): number => steps.findLastIndex(is);
  const user = steps[last(({ keyword }) => keyword === 'USER')];
  if (user === undefined || !/^1000:1000$/.test(user.text))
    say(user?.line ?? line, 'user', 'does not end as 1000:1000');
  const stripped = last(({ keyword, text }) => keyword === 'RUN' && /find \/ .*-perm \/6000 .*chmod a-s/.test(text));
  const changed = last(
    ({ keyword, text }) => keyword === 'COPY' || (keyword === 'RUN' && /apt-get install/.test(text)),
  );
  if (stripped < changed || stripped < 0) say(line, 'setuid', 'programs with the rights of their owner may be left');
}
