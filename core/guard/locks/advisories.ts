import semver from 'semver';
import { z } from 'zod';
import type { Locked } from './locked.ts';

/** The part of the OSV format that says which versions of which package are affected (ossf.github.io/osv-schema). */
const event = z
  .object({ introduced: z.string().max(200), fixed: z.string().max(200), last_affected: z.string().max(200) })
  .partial();
const osv = z.object({
  id: z.string().min(1).max(100),
  summary: z.string().max(10_000).optional(),
  withdrawn: z.string().optional(),
  affected: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string().max(100), name: z.string().max(500) }).optional(),
        versions: z.array(z.string().max(200)).max(20_000).default([]),
        ranges: z
          .array(z.object({ type: z.string().max(20), events: z.array(event).max(1_000) }))
          .max(200)
          .default([]),
      }),
    )
    .max(2_000)
    .default([]),
});

type Event = z.infer<typeof event>;

/** A vulnerability of one package. */
export interface Advisory {
  id: string;
  summary: string;
  ecosystem: string;
  name: string;
  versions: string[];
  ranges: Event[][];
}

/** Reads one file of the OSV format; undefined if it is not of that format. A withdrawn one affects nothing. */
export function advisoriesOf(text: string): Advisory[] | undefined {
  let parsed: z.infer<typeof osv> | undefined;
  try {
    parsed = osv.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
  if (!parsed) return undefined;
  const { id, summary = '', affected, withdrawn } = parsed;
  if (withdrawn !== undefined) return [];
  return affected.flatMap(({ package: of, versions, ranges }): Advisory[] =>
    of === undefined
      ? []
      : [
          {
            id,
            summary: summary.slice(0, 200),
            // `Debian:12` and the like are other ecosystems.
            ecosystem: of.ecosystem,
            name: normalName(of.ecosystem, of.name),
            versions,
            ranges: ranges.filter(({ type }) => type !== 'GIT').map(({ events }) => events),
          },
        ],
  );
}

/** PyPI takes names for the same that differ by case and by `-`, `_` and `.`. */
export const normalName = (ecosystem: string, name: string): string =>
  ecosystem === 'PyPI' ? name.toLowerCase().replace(/[._-]{1,50}/g, '-') : name;

/** A version that cannot be compared counts as affected. */
export function isAffected({ versions, ranges }: Advisory, { version }: Pick<Locked, 'version'>): boolean {
  if (versions.includes(version) || versions.includes(version.replace(/^v/, ''))) return true;
  // A list of versions is complete, apart from the ranges of semantic versions.
  return ranges.some((events) => isWithin(events, version));
}

function isWithin(events: Event[], version: string): boolean {
  const at = orderOf(version);
  if (at === undefined) return true;
  let inside = false;
  const sorted = [...events].sort((a, b) => compare(boundOf(a), boundOf(b)));
  for (const { introduced, fixed, last_affected: last } of sorted) {
    if (introduced !== undefined && (introduced === '0' || semver.gte(at, orderOf(introduced) ?? '0.0.0')))
      inside = true;
    if (fixed !== undefined && semver.gte(at, orderOf(fixed) ?? '0.0.0')) inside = false;
    if (last !== undefined && semver.gt(at, orderOf(last) ?? '0.0.0')) inside = false;
  }
  return inside;
}

const boundOf = ({ introduced, fixed, last_affected }: Event): string => introduced ?? fixed ?? last_affected ?? '0';
const compare = (a: string, b: string): number => semver.compare(orderOf(a) ?? '0.0.0', orderOf(b) ?? '0.0.0');

const orderOf = (version: string): string | undefined =>
  semver.valid(version, { loose: true }) ?? semver.coerce(version)?.version;
