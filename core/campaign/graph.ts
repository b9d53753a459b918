import picomatch from 'picomatch';
import { globCost } from '../text/glob-cost.ts';
import { ancestorsOf, type Node, topological } from './order.ts';

interface Sited extends Node {
  target_paths: readonly string[];
}

export interface GraphFault {
  /** Field within the list of parts, such as `[2, 'depends_on', 0]`. */
  path: (string | number)[];
  message: string;
}

/**
 * The reasons why parts cannot be carried out in parallel: unknown names, circles, and work that one agent does better
 * alone (over-orchestration). All at once.
 */
export function graphFaults(parts: readonly Sited[]): GraphFault[] {
  const faults: GraphFault[] = [];
  const ids = new Map<string, number>();
  parts.forEach(({ id }, i) => {
    if (ids.has(id)) faults.push({ path: [i, 'id'], message: `Two parts have the name "${id}".` });
    ids.set(id, ids.get(id) ?? i);
  });
  parts.forEach(({ id, depends_on }, i) => {
    depends_on.forEach((other, j) => {
      if (other === id) faults.push({ path: [i, 'depends_on', j], message: `"${id}" depends on itself.` });
      else if (!ids.has(other)) faults.push({ path: [i, 'depends_on', j], message: `There is no part "${other}".` });
    });
  });
  if (faults.length > 0) return faults;
  const order = topological(parts);
  if (order.length < parts.length) {
    const left = parts.filter(({ id }) => !order.includes(id)).map(({ id }) => id);
    const first = ids.get(left[0] ?? '') ?? 0;
    return [{ path: [first, 'depends_on'], message: `These parts depend on each other: ${left.join(', ')}.` }];
  }
  return overOrchestration(parts);
}

function overOrchestration(parts: readonly Sited[]): GraphFault[] {
  if (parts.length < 2) return [];
  const alone = 'One agent does it better alone: leave the parts out.';
  const paths = new Set(parts.flatMap(({ target_paths }) => target_paths));
  const [only] = paths;
  if (paths.size === 1 && only !== undefined && !isGlob(only))
    return [{ path: [0, 'target_paths'], message: `All parts change the single file ${only}. ${alone}` }];
  if (isChain(parts))
    return [
      { path: [0, 'depends_on'], message: `Each part waits for the one before, so nothing runs in parallel. ${alone}` },
    ];
  const before = ancestorsOf(parts);
  const contains = containment(parts);
  return parts.flatMap((part, i) => {
    const other = parts.find(
      (each, j) =>
        j !== i &&
        !(before.get(part.id)?.has(each.id) || before.get(each.id)?.has(part.id)) &&
        part.target_paths.every((path) => contains(each, path)) &&
        // Of two parts with the same paths, the second one is named.
        (i > j || !each.target_paths.every((path) => contains(part, path))),
    );
    return other === undefined
      ? []
      : [
          {
            path: [i, 'target_paths'],
            message: `"${part.id}" changes the same paths as "${other.id}" at the same time. Give it paths of its own, make it depend on "${other.id}", or join the two.`,
          },
        ];
  });
}

const isChain = (parts: readonly Node[]): boolean => {
  const before = ancestorsOf(parts);
  const counts = parts.map(({ id }) => before.get(id)?.size ?? 0).sort((a, b) => a - b);
  return counts.every((count, i) => count === i);
};

/** Paths that two parts both name, neither of which waits for the other: their changes may conflict. */
export function sharedPaths(parts: readonly Sited[]): { a: string; b: string; path: string }[] {
  const before = ancestorsOf(parts);
  const contains = containment(parts);
  return parts.flatMap((a, i) =>
    parts.slice(i + 1).flatMap((b) => {
      if (before.get(a.id)?.has(b.id) || before.get(b.id)?.has(a.id)) return [];
      const path = b.target_paths.find((each) => contains(a, each)) ?? a.target_paths.find((each) => contains(b, each));
      return path === undefined ? [] : [{ a: a.id, b: b.id, path }];
    }),
  );
}

const isGlob = (path: string): boolean => /[*?[{]/.test(path);

/** Paths that are matched against globs, of all parts together. An agent writes plans, which are read often. */
const maxMatches = 2_000;

/**
 * Whether the paths of a part certainly contain all that a path or glob names. Two globs are compared by their folders only,
 * and after `maxMatches` a path that only a glob could contain counts as not contained.
 */
function containment(parts: readonly Sited[]): (part: Sited, path: string) => boolean {
  let matches = 0;
  const areas = new Map(parts.map((part) => [part, areaOf(part)]));
  return (part, path) => {
    const area = areas.get(part);
    const inner = withoutSlash(path);
    if (!area || area.names.has(inner)) return area !== undefined;
    for (let at = inner.lastIndexOf('/'); at > 0; at = inner.lastIndexOf('/', at - 1))
      if (area.folders.has(inner.slice(0, at))) return true;
    if (isGlob(inner)) return false;
    return area.globs.some((isMatch) => ++matches <= maxMatches && isMatch(inner));
  };
}

interface Area {
  names: Set<string>;
  /** Everything below them belongs to the part. */
  folders: Set<string>;
  globs: ((path: string) => boolean)[];
}

function areaOf({ target_paths }: Sited): Area {
  const area: Area = { names: new Set(), folders: new Set(), globs: [] };
  for (const path of target_paths.map(withoutSlash)) {
    area.names.add(path);
    const folder = path.endsWith('/**') ? path.slice(0, -3) : path;
    if (!isGlob(folder)) area.folders.add(folder);
    // A glob that a spec may not have is refused where it stands; it is not matched here.
    if (isGlob(path) && globCost(path) === undefined) area.globs.push(picomatch([path, `${path}/**`], { dot: true }));
  }
  return area;
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');
