/** A share of many files, as lint proposes it for `campaign.parts`. */
export interface ProposedPart {
  id: string;
  title: string;
  target_paths: string[];
  /** Number of files. */
  files: number;
}

/** Files that make a part worth its own agent. */
const filesPerPart = 8;
const maxProposed = 8;
/** Paths that a part may list, see `partSchema`. */
const maxPaths = 200;

interface Share {
  /** Folder with all its files, or single files of one folder. */
  paths: string[];
  files: number;
}

/**
 * Shares files evenly among parts, whole folders where that is possible, so that no two parts change the same file. Empty
 * for fewer files than two parts are worth, and for files that no list of paths can name.
 * @param files Files in scope. @param all Files of the repository: a folder is named as a whole only if all its files are in scope.
 */
export function proposeParts(files: readonly string[], all: readonly string[]): ProposedPart[] {
  const count = Math.min(maxProposed, Math.floor(files.length / filesPerPart));
  if (count < 2) return [];
  const bins = Array.from({ length: count }, (): Share => ({ paths: [], files: 0 }));
  const shares = sharesOf([...files].sort(), countsOf(all), Math.ceil(files.length / count));
  for (const share of shares.sort((a, b) => b.files - a.files)) {
    const bin = bins.reduce((least, each) => (each.files < least.files ? each : least));
    bin.paths.push(...share.paths);
    bin.files += share.files;
  }
  if (bins.some(({ paths }) => paths.length === 0 || paths.length > maxPaths)) return [];
  return bins.map(({ paths, files: size }, i) => {
    const sorted = [...paths].sort();
    const first = sorted[0] ?? '';
    return {
      id: `part-${i + 1}`,
      title: sorted.length === 1 ? first : `${first} and ${sorted.length - 1} more`,
      target_paths: sorted,
      files: size,
    };
  });
}

/** Number of files below each folder. */
function countsOf(files: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of files)
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) {
      const folder = file.slice(0, at);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  return counts;
}

/** Splits files into shares of at most `most`, by folder as far as possible. */
function sharesOf(files: readonly string[], counts: ReadonlyMap<string, number>, most: number, folder = ''): Share[] {
  const whole = folder !== '' && counts.get(folder) === files.length;
  if (whole && files.length <= most) return [{ paths: [`${folder}/**`], files: files.length }];
  const direct: string[] = [];
  const below = new Map<string, string[]>();
  for (const file of files) {
    const rest = folder === '' ? file : file.slice(folder.length + 1);
    const slash = rest.indexOf('/');
    if (slash < 0) {
      direct.push(file);
      continue;
    }
    const child = folder === '' ? rest.slice(0, slash) : `${folder}/${rest.slice(0, slash)}`;
    below.set(child, [...(below.get(child) ?? []), file]);
  }
  return [
    ...direct.map((file): Share => ({ paths: [file], files: 1 })),
    ...[...below].flatMap(([child, inside]) => sharesOf(inside, counts, most, child)),
  ];
}
