import picomatch from 'picomatch';
import { type ProposedPart, proposeParts } from '../../campaign/propose.ts';
import type { CompiledConstraints } from '../constraints.ts';
import type { TaskSpec } from '../schema.ts';
import type { RepositoryFacts } from './clarity.ts';
import { pathsIn } from './words.ts';

/** Whether to hand a task to remote agents, and what kind of cost to expect (R4). */
export interface Advice {
  mode: 'local' | 'remote-single' | 'remote-parallel' | 'local-with-review';
  costClass: 'negligible' | 'low' | 'medium' | 'high';
  reason: string;
  /** Facts of the spec and the repository behind the advice. */
  facts: string[];
  /** How several agents could share the files, if the advice is to use several and the spec names no parts. */
  parts?: ProposedPart[];
}

const manyFiles = 50;

const says = {
  feature: /\b(?:add|implement|introduce|build|create|support|feature|new)\b/i,
  critical:
    /\bcritical[- ]path\b|\b(?:authentication|authorization|authorisation|login|sign-?in|oauth|sso|sessions?|permissions?|access control|payments?|checkout|encryption|cryptograph\w*|password\w*)\b|\b(?:security|business|mission)[- ]critical\b/i,
  fix: /\b(?:fix|fixes|bug|bugfix|typo|correct|off[- ]by[- ]one|regression|wrong|broken|make it|repair)\b/i,
  docs: /\b(?:documentation|docs|readme|guides?|docstrings?|api reference|changelog|tutorials?|jsdoc|runbooks?)\b/i,
  // The first sentence is about documents; the rest of the text does not matter.
  docsFirst:
    /^\W*(?:please\s+)?(?:document\b|(?:write|update|improve|extend|add|create|revise)\s+(?:\w+\s+){0,4}(?:documentation|docs|readme|guides?|docstrings?|changelog|tutorials?|runbooks?)\b)/i,
  migrate: /\b(?:migrat\w*|convert\w*|port(?:ing)?|rewrit\w*|translate)\b/i,
  tests: /\b(?:tests?|test suites?|specs?)\b/i,
  upgrade:
    /\b(?:upgrad\w*|bump\w*|deps|dependenc\w*|(?:raise|move|update|pin)\b.{0,160}?\b(?:versions?|from\b.{0,60}?\d{1,9}\.[\dx]{1,9} to))/is,
  several:
    /\b(?:several|multiple|many|parallel|two|three|four|five|\d+)\s+(?:\w+\s+)?(?:sub-?)?agents\b|\bsub-?agents\b|\bmulti-?agent\b|\bagent (?:team|swarm|fleet)\b|\bteam of agents\b|\borchestrat\w*/i,
};

const isTest = (path: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|specs?)\/|[._-](?:test|spec)\.|(?:^|\/)test_|Tests?\.(?:java|kt)$/.test(path);
const isDoc = (path: string): boolean =>
  /(?:^|\/)docs?(?:\/|$)|\.(?:md|mdx|rst|adoc)$|(?:^|\/)(?:README|CHANGELOG)/i.test(path);

/** Advice on how to delegate a task, before it costs anything. @param criticalPaths Globs of the policy. */
export function adviseOn(
  spec: TaskSpec,
  compiled: CompiledConstraints,
  clarity: number,
  repository: RepositoryFacts = {},
  criticalPaths: string[] = [],
): Advice {
  const text = `${spec.task_id.replace(/[-_.]+/g, ' ')}. ${spec.title ?? ''}. ${spec.instructions}`;
  const facts: string[] = [];
  const scope = scopeOf(spec, compiled, text, repository, facts);
  const give = (mode: Advice['mode'], costClass: Advice['costClass'], reason: string): Advice => {
    const asksForMany = says.several.test([text, ...spec.constraints].join('\n'));
    const over = asksForMany && mode !== 'remote-parallel';
    if (asksForMany) facts.push('the spec asks for several agents');
    const parts =
      mode === 'remote-parallel' && spec.campaign === undefined && scope.inScope
        ? proposeParts(scope.inScope, repository.files ?? [])
        : [];
    return {
      mode,
      costClass,
      ...(parts.length > 0 ? { parts } : {}),
      reason: over
        ? `${reason} Several agents would be over-orchestration: coordinating them costs more than the work.`
        : reason,
      facts,
    };
  };

  const critical = criticalPaths.filter((glob) => scope.paths.some((path) => touches(path, glob)));
  if (critical.length > 0) {
    facts.push(`the policy lists ${critical.join(', ')} as critical`);
    return give(
      'local-with-review',
      'low',
      'It changes a critical path: work on it together with the agent and have it reviewed closely.',
    );
  }
  if (says.feature.test(text) && says.critical.test(text) && !scope.onlyDocs) {
    facts.push(`the text mentions ${says.critical.exec(text)?.[0].toLowerCase()}`);
    return give(
      'local-with-review',
      'low',
      'A feature on a critical path: work on it together with the agent and have it reviewed closely.',
    );
  }
  if (spec.campaign) {
    const parts = spec.campaign.parts?.length;
    facts.push(parts === undefined ? 'the coordinator proposes the parts' : `the spec has ${parts} parts`);
    return give('remote-parallel', 'high', 'A campaign: several agents share the work, and a coordinator merges it.');
  }
  if (scope.code.length === 1 && scope.literal && says.fix.test(text)) {
    return give(
      'local',
      'negligible',
      'A fix in a single file: starting a remote run takes longer than making the change.',
    );
  }
  const documents = says.docsFirst.test(spec.instructions.replace(/^#.*$/gm, '')) && compiled.targetPaths.length === 0;
  if (scope.onlyDocs || documents || (says.docs.test(text) && scope.code.length === 0)) {
    return give(
      'remote-single',
      'low',
      'Documentation: one remote agent can write it alone, and a wrong sentence breaks nothing.',
    );
  }
  if (says.migrate.test(text) && says.tests.test(text)) {
    if (scope.files === undefined && scope.code.length === 0) {
      facts.push('the spec names no paths: the whole test suite is assumed');
      return give(
        'remote-parallel',
        'high',
        'A migration of a whole test suite: independent files that several agents can share.',
      );
    }
    if ((scope.files ?? 0) >= manyFiles) {
      return give(
        'remote-parallel',
        'high',
        `A test migration of ${scope.files} files: independent files that several agents can share.`,
      );
    }
  }
  if (says.upgrade.test(text)) {
    return give(
      'remote-single',
      'medium',
      'A dependency upgrade across modules: one remote agent keeps the versions consistent.',
    );
  }
  if ((scope.files ?? 0) >= manyFiles) {
    return give(
      'remote-parallel',
      'high',
      `${scope.files} files: several agents can share them where they are independent.`,
    );
  }
  if (clarity <= 25 && scope.code.length === 0) {
    return give(
      'local',
      'negligible',
      'The spec says too little for an agent to work alone: first write what to change and when it is done.',
    );
  }
  if (scope.code.length === 1 && scope.literal) {
    return give(
      'local',
      'negligible',
      'A change in a single file: starting a remote run takes longer than making the change.',
    );
  }
  if (scope.code.length > 0 && scope.code.length <= 3) {
    const files = scope.files !== undefined && scope.files > 3 ? `${scope.files} files` : 'a few files';
    return give('remote-single', 'low', `A change in ${files}: one remote agent is enough.`);
  }
  return give('remote-single', 'medium', 'A change in several related files: one remote agent keeps them consistent.');
}

interface Scope {
  paths: string[];
  /** `paths` without tests; all paths if they are all tests. */
  code: string[];
  /** Every path names one file. */
  literal: boolean;
  onlyDocs: boolean;
  /** Number of files in scope, if the repository or the text tells it. */
  files?: number;
  /** Those of the repository's files that are in scope, if the repository is known. */
  inScope?: string[];
}

function scopeOf(
  spec: TaskSpec,
  compiled: CompiledConstraints,
  text: string,
  repository: RepositoryFacts,
  facts: string[],
): Scope {
  const mentioned = pathsIn(spec.instructions).filter((path) => !compiled.excludedPaths.includes(path));
  // Explicit bounds are more reliable than paths that the prose mentions.
  const paths = compiled.targetPaths.length > 0 ? compiled.targetPaths : mentioned;
  const untested = paths.filter((path) => !isTest(path) && !/\{[^}]*test/.test(path));
  const code = untested.length > 0 ? untested : paths;
  if (code.length > 0)
    facts.push(`the spec names ${code.slice(0, 5).join(', ')}${code.length > 5 ? ` and ${code.length - 5} more` : ''}`);
  const scope: Scope = {
    paths,
    code,
    literal: code.every((path) => !/[*?[{]/.test(path) && /\.[A-Za-z0-9]+$/.test(path)),
    onlyDocs: code.length > 0 && code.every(isDoc),
  };
  const stated = Math.max(
    0,
    ...[...text.matchAll(/\b(\d{1,6})\+?\s+(?:\w+\s+){0,2}files?\b/gi)].map((match) => Number(match[1])),
  );
  if (stated > 0) {
    facts.push(`the spec mentions ${stated} files`);
    scope.files = stated;
  }
  if (repository.files) {
    const matches = picomatch(paths, { dot: true });
    const inScope = paths.length > 0 ? repository.files.filter((file) => matches(file)) : undefined;
    const counted = inScope ?? (says.tests.test(text) ? repository.files.filter(isTest) : undefined);
    if (counted) {
      facts.push(`${counted.length} of the repository's ${repository.files.length} files are in scope`);
      scope.files = counted.length;
      scope.inScope = counted;
    }
  }
  return scope;
}

/** Whether a path or glob may match a file that the other glob matches. */
const touches = (path: string, glob: string): boolean => {
  const folder = picomatch.scan(path).base.replace(/\/$/, '');
  const critical = picomatch.scan(glob).base.replace(/\/$/, '');
  const isGlob = folder !== path;
  return (
    picomatch.isMatch(path, glob, { dot: true }) ||
    (isGlob &&
      (folder === '' || folder === critical || critical.startsWith(`${folder}/`) || folder.startsWith(`${critical}/`)))
  );
};
