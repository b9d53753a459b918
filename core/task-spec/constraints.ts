import type { EffectiveTask } from '../run/effective-task.ts';
import { pathFault } from './fields.ts';
import type { TaskSpec } from './schema.ts';

/** The constraints of a spec, each with how it is enforced. */
export type CompiledConstraints = EffectiveTask['constraints'];

// For text whose white space is single spaces: repeated optional space makes a search quadratic.
const only = /^(?:please )?(?:only (?:(?:change|touch|modify|edit) )?|(?:change|touch|modify|edit) only )(.+)$/i;
const never = /^(?:please )?(?:do not|don't|don’t|never) (?:change|touch|modify|edit) (.+)$/i;
const nothingElse = /,? ?(?:and|but)? ?(?:nothing else|no other (?:files?|paths?))$/i;
const itsTests = / ?(?:,|\band\b)? ?\b(?:its|their|the (?:matching|corresponding)) tests?\b/i;

/** Compiles constraints that name paths to globs, and determines how each constraint is enforced. */
export function compileConstraints(spec: TaskSpec): CompiledConstraints {
  const targets = new Set(spec.target_paths.map(asGlob));
  const excluded = new Set(spec.excluded_paths.map(asGlob));
  const commands = [
    spec.sandbox.test_command,
    spec.sandbox.build_command,
    ...spec.success_criteria.flatMap((criterion) => (typeof criterion === 'string' ? [] : [criterion.run])),
  ].filter((command) => command !== undefined);

  const constraints = spec.constraints.map((text): CompiledConstraints['constraints'][number] => {
    const rule = pathRule(text);
    if (rule) {
      for (const glob of rule.globs) (rule.kind === 'only' ? targets : excluded).add(glob);
      const globs = rule.globs.join(', ');
      return {
        text,
        enforcedBy: 'guard',
        detail: rule.kind === 'only' ? `Only ${globs} may change.` : `${globs} may not change.`,
      };
    }
    const command = commands.find((each) => text.includes(each));
    if (command !== undefined) return { text, enforcedBy: 'test', detail: `\`${command}\` has to pass in Verify.` };
    return { text, enforcedBy: 'advisory', detail: 'The agent and the reviewers see it.' };
  });
  return { targetPaths: [...targets], excludedPaths: [...excluded], constraints };
}

/** The path rule of a constraint that contains nothing else: the only paths that may change, or paths that may not. */
export function pathRule(text: string): { kind: 'only' | 'never'; globs: string[] } | undefined {
  const plain = text.trim().replace(/[.;]$/, '').replace(/\s+/g, ' ').replace(nothingElse, '');
  const allowed = globsOf(only.exec(plain)?.[1]);
  if (allowed) return { kind: 'only', globs: allowed };
  const forbidden = globsOf(never.exec(plain)?.[1]);
  return forbidden && { kind: 'never', globs: forbidden };
}

/** The globs of a list of paths; "and its tests" adds the globs of their tests. */
function globsOf(list: string | undefined): string[] | undefined {
  const paths = list === undefined ? undefined : pathList(list.replace(itsTests, ''));
  if (!paths || list === undefined) return undefined;
  return paths.flatMap((path) => (itsTests.test(list) ? [asGlob(path), ...testsOf(path)] : [asGlob(path)]));
}

/** `a/b.ts, c/d and "e"` as paths; undefined if any word is not a path, because half a rule would mislead. */
function pathList(text: string): string[] | undefined {
  const words = text
    .replace(/\b(?:the )?(?:files?|folders?|director(?:y|ies)|paths?) (?=\S)/gi, '')
    .split(/ ?, ?(?:and |or )?| (?:and|or) /i)
    .map((word) => word.trim().replace(/^[`"'“]|[`"'”]$/g, ''))
    .filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const paths = words.map((word) => (/\s/.test(word) ? undefined : asPath(word)));
  return paths.every((path) => path !== undefined) ? paths : undefined;
}

/** A word that can only be a path: it has a slash, an extension or a glob. `.` and plain words are not paths. */
function asPath(word: string): string | undefined {
  const path = word.replace(/^\.\//, '');
  const looks =
    path.includes('/') ||
    path.includes('*') ||
    /^[\w@.-]*\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(path) ||
    /^(?:Dockerfile|Makefile)$/.test(path);
  return looks && pathFault(path) === undefined ? path : undefined;
}

/**
 * A name without an extension may be a folder: then its content is meant. `a/**` also matches `a` itself, so that a
 * file without an extension is covered too.
 */
function asGlob(path: string): string {
  const bare = path.replace(/\/$/, '');
  const last = bare.slice(bare.lastIndexOf('/') + 1);
  return bare === path && (/[*?[{]/.test(last) || /[^.]\.[A-Za-z0-9]+$/.test(last)) ? path : `${bare}/**`;
}

const testFolders = '{test,tests,spec,__tests__,src/test}';

/** Globs of the tests of a path, by the conventions of the toolchains: beside it, or in a folder of tests. */
function testsOf(path: string): string[] {
  // The path before `src` is the root of a package.
  const root = /^(.*?\/)?(?:src|lib|app)\//.exec(path)?.[1] ?? '';
  const [, folder = '', stem, extension] = /^(.*\/)?([^/*?[{]+)\.([A-Za-z0-9]+)$/.exec(path) ?? [];
  if (stem === undefined || extension === undefined) return [`${root}${testFolders}/**`];
  const marked = `${stem}.test,${stem}.spec,${stem}_test,test_${stem},${stem}Test,${stem}Tests`;
  return [
    `${folder}{${marked}}.${extension}`,
    `${folder}__tests__/{${marked},${stem}}.${extension}`,
    `${root}${testFolders}/**/{${marked},${stem}}.${extension}`,
  ];
}
